import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { workspaceEndpoints } from '../../contract/workspaces.ts';
import { call } from '../api/call.ts';

export function workspacesQuery(organizationId: string, query: QueryOf<typeof workspaceEndpoints.listWorkspaces>) {
  return queryOptions({
    queryKey: ['workspaces', organizationId, query],
    queryFn: ({ signal }) => call(workspaceEndpoints.listWorkspaces, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** As many as one answer of the API carries: what a list to choose from can hold. */
const choicesAtOnce = 200;

/** Workspaces to choose from, by part of their name; of very many, the first ones that match. */
export function workspaceChoicesQuery(organizationId: string, q?: string) {
  const query = q === undefined || q === '' ? { limit: choicesAtOnce } : { limit: choicesAtOnce, q };
  return workspacesQuery(organizationId, query);
}
