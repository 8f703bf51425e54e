import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { workspaceEndpoints } from '../../contract/workspaces.ts';
import { call } from '../api/call.ts';

/** As many as one answer of the API carries: what a list to choose from can hold. */
const choicesAtOnce = 200;

/** Workspaces to choose from, by part of their name; of very many, the first ones that match. */
export function workspaceChoicesQuery(organizationId: string, q?: string) {
  const query = q === undefined || q === '' ? { limit: choicesAtOnce } : { limit: choicesAtOnce, q };
  return queryOptions({
    queryKey: ['workspaces', organizationId, query],
    queryFn: ({ signal }) => call(workspaceEndpoints.listWorkspaces, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}
