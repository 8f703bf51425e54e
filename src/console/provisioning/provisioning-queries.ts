import { queryOptions } from '@tanstack/react-query';
import { domainEndpoints } from '../../contract/domains.ts';
import type { AnswerOf } from '../../contract/endpoint.ts';
import { organizationEndpoints } from '../../contract/organizations.ts';
import { provisioningEndpoints } from '../../contract/provisioning.ts';
import { call } from '../api/call.ts';
import { isProblem } from '../api/problem-error.ts';

export type Provisioning = AnswerOf<typeof provisioningEndpoints.getProvisioning>;
export type SsoConnection = AnswerOf<typeof organizationEndpoints.getSsoConnection>;
export type Domain = AnswerOf<typeof domainEndpoints.listDomains>['items'][number];

export function provisioningQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['provisioning', organizationId],
    queryFn: ({ signal }) => call(provisioningEndpoints.getProvisioning, { params: { organizationId }, signal }),
  });
}

/** Null: the organization has no SSO connection yet. */
export function ssoConnectionQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['sso-connection', organizationId],
    queryFn: async ({ signal }): Promise<SsoConnection | null> => {
      try {
        return await call(organizationEndpoints.getSsoConnection, { params: { organizationId }, signal });
      } catch (error) {
        if (isProblem(error, 'sso-connection-not-found')) return null;
        throw error;
      }
    },
  });
}

/** As many as a page of the API holds: far more than an organization has. */
const mostDomains = 200;

export function domainsQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['domains', organizationId],
    queryFn: ({ signal }) =>
      call(domainEndpoints.listDomains, { params: { organizationId }, query: { limit: mostDomains }, signal }),
  });
}
