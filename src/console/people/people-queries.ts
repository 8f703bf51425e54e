import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { syncLogEndpoints } from '../../contract/sync-log-endpoints.ts';
import { userEndpoints } from '../../contract/users.ts';
import { call } from '../api/call.ts';

export function usersQuery(organizationId: string, query: QueryOf<typeof userEndpoints.listUsers>) {
  return queryOptions({
    queryKey: ['users', organizationId, query],
    queryFn: ({ signal }) => call(userEndpoints.listUsers, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}

export function userQuery(organizationId: string, userId: string) {
  return queryOptions({
    queryKey: ['users', organizationId, 'one', userId],
    queryFn: ({ signal }) => call(userEndpoints.getUser, { params: { organizationId, userId }, signal }),
  });
}

export function accessQuery(organizationId: string, userId: string) {
  return queryOptions({
    queryKey: ['users', organizationId, 'access', userId],
    queryFn: ({ signal }) => call(userEndpoints.getUserAccess, { params: { organizationId, userId }, signal }),
  });
}

export function accessEndsQuery(organizationId: string, userId: string) {
  return queryOptions({
    queryKey: ['users', organizationId, 'access-ends', userId],
    queryFn: ({ signal }) => call(userEndpoints.getAccessEnds, { params: { organizationId, userId }, signal }),
  });
}

/** What happened to one person, newest first; the sync log has the rest. */
export const historyLength = 20;

export function historyQuery(organizationId: string, userId: string) {
  const query = { resourceType: 'User', resourceId: userId, limit: historyLength } as const;
  return queryOptions({
    queryKey: ['sync-logs', organizationId, query],
    queryFn: ({ signal }) => call(syncLogEndpoints.listSyncLogs, { params: { organizationId }, query, signal }),
  });
}
