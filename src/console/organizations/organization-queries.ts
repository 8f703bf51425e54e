import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { organizationEndpoints } from '../../contract/organizations.ts';
import { call } from '../api/call.ts';

export function organizationQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['organizations', organizationId],
    queryFn: ({ signal }) => call(organizationEndpoints.getOrganization, { params: { organizationId }, signal }),
  });
}

export function organizationsQuery(query: QueryOf<typeof organizationEndpoints.listOrganizations>) {
  return queryOptions({
    queryKey: ['organizations', 'list', query],
    queryFn: ({ signal }) => call(organizationEndpoints.listOrganizations, { query, signal }),
    placeholderData: keepPreviousData,
  });
}
