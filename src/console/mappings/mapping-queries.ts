import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { groupEndpoints } from '../../contract/groups.ts';
import { call } from '../api/call.ts';

export function groupsQuery(organizationId: string, query: QueryOf<typeof groupEndpoints.listGroups>) {
  return queryOptions({
    queryKey: ['groups', organizationId, query],
    queryFn: ({ signal }) => call(groupEndpoints.listGroups, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}
