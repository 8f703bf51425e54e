import type { AdminApi } from './start-admin-api.ts';

let serial = 0;

/** Text that no other test of the run uses: addresses and domains are unique across organizations. */
export function unique(prefix: string): string {
  serial += 1;
  return `${prefix}-${process.pid}-${serial}`;
}

/** An organization that meets every prerequisite of SCIM, still in the mode `manual`. */
export async function readyOrganization(
  api: AdminApi,
  overrides: { plan?: 'free' | 'business' | 'enterprise'; defaultRole?: 'viewer' | 'developer' | 'admin' } = {},
): Promise<{ organizationId: string; domain: string }> {
  const { id } = await api.call('createOrganization', {
    body: { name: unique('Acme'), plan: overrides.plan ?? 'business' },
  });
  const params = { organizationId: id };
  await api.call('setSsoConnection', {
    params,
    body: { provider: 'okta', status: 'active', defaultRole: overrides.defaultRole ?? 'viewer' },
  });
  const domain = `${unique('acme')}.example`;
  await api.call('addDomain', { params, body: { domain, verified: true } });
  return { organizationId: id, domain };
}

/** The same with SCIM selected, and its token. */
export async function scimOrganization(
  api: AdminApi,
): Promise<{ organizationId: string; domain: string; token: string }> {
  const ready = await readyOrganization(api);
  const { token } = await api.call('setProvisioning', {
    params: { organizationId: ready.organizationId },
    body: { mode: 'scim' },
  });
  if (token === undefined) throw new Error('selecting scim answered no token');
  return { ...ready, token };
}
