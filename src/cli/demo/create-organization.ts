import { endpoints } from '../../contract/endpoints.ts';
import type { UserNameFormat } from '../../contract/organizations.ts';
import type { RestClient } from '../rest-client.ts';

export interface SyncedOrganization {
  organizationId: string;
  /** The SCIM bearer token. */
  token: string;
  /** The SCIM base URL below the client's own address, whatever public address the service has. */
  baseUrl: string;
}

/**
 * An organization whose directory sync runs: a plan that allows it, an active SSO connection with the connection role
 * `viewer`, a verified domain, and SCIM selected.
 */
export async function createSyncedOrganization(
  client: RestClient,
  options: { name: string; domain: string; provider: string; userNameFormat: UserNameFormat },
): Promise<SyncedOrganization> {
  const { name, domain, provider, userNameFormat } = options;
  const { id: organizationId } = await client.call(endpoints.createOrganization, {
    parameters: {},
    body: { name, plan: 'business', userNameFormat },
  });
  const parameters = { organizationId };
  await client.call(endpoints.setSsoConnection, {
    parameters,
    body: { provider, status: 'active', defaultRole: 'viewer' },
  });
  await client.call(endpoints.addDomain, { parameters, body: { domain, verified: true } });
  const { token } = await client.call(endpoints.setProvisioning, { parameters, body: { mode: 'scim' } });
  if (token === undefined) throw new Error('selecting scim answers with a token');
  return { organizationId, token, baseUrl: `${client.url}/api/v1/scim/${organizationId}/v2` };
}
