import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { userEndpoints } from '../../contract/users.ts';
import { call } from '../api/call.ts';

export function usersQuery(organizationId: string, query: QueryOf<typeof userEndpoints.listUsers>) {
  return queryOptions({
    queryKey: ['users', organizationId, query],
    queryFn: ({ signal }) => call(userEndpoints.listUsers, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}
