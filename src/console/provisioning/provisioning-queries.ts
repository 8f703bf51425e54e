import { queryOptions } from '@tanstack/react-query';
import { provisioningEndpoints } from '../../contract/provisioning.ts';
import { call } from '../api/call.ts';

export function provisioningQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['provisioning', organizationId],
    queryFn: ({ signal }) => call(provisioningEndpoints.getProvisioning, { params: { organizationId }, signal }),
  });
}
