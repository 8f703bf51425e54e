import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf, RequestOf } from '../../contract/endpoint.ts';
import { groupEndpoints } from '../../contract/groups.ts';
import { call } from '../api/call.ts';

export function groupsQuery(organizationId: string, query: QueryOf<typeof groupEndpoints.listGroups>) {
  return queryOptions({
    queryKey: ['groups', organizationId, query],
    queryFn: ({ signal }) => call(groupEndpoints.listGroups, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}

export function groupQuery(organizationId: string, groupId: string) {
  return queryOptions({
    queryKey: ['groups', organizationId, 'one', groupId],
    queryFn: ({ signal }) => call(groupEndpoints.getGroup, { params: { organizationId, groupId }, signal }),
  });
}

export type MappingChoice = RequestOf<typeof groupEndpoints.previewMapping>;

/** What saving `choice` would change. It is asked anew after everything that could change the answer. */
export function previewQuery(organizationId: string, groupId: string, choice: MappingChoice) {
  return queryOptions({
    queryKey: ['groups', organizationId, 'preview', groupId, choice],
    queryFn: ({ signal }) =>
      call(groupEndpoints.previewMapping, { params: { organizationId, groupId }, body: choice, signal }),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}
