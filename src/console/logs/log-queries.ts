import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { syncLogEndpoints } from '../../contract/sync-log-endpoints.ts';
import { call } from '../api/call.ts';

export function logsQuery(organizationId: string, query: QueryOf<typeof syncLogEndpoints.listSyncLogs>) {
  return queryOptions({
    queryKey: ['sync-logs', organizationId, query],
    queryFn: ({ signal }) => call(syncLogEndpoints.listSyncLogs, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}
