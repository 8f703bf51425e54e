import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { adminKeyEndpoints } from '../../contract/admin-keys.ts';
import type { QueryOf } from '../../contract/endpoint.ts';
import { call } from '../api/call.ts';

export function adminKeysQuery(organizationId: string, query: QueryOf<typeof adminKeyEndpoints.listAdminKeys>) {
  return queryOptions({
    queryKey: ['admin-keys', organizationId, query],
    queryFn: ({ signal }) => call(adminKeyEndpoints.listAdminKeys, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}
