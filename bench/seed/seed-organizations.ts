import type pg from 'pg';
import { v7 } from 'uuid';
import { createTokenSecret } from '../../src/provisioning/token-secret.ts';
import { numbersPerOrganization } from './sample-ids.ts';
import { insertMappedGroups, insertUsers } from './seed-rollcall.ts';

/** An organization with users, and groups without members that are mapped to its one workspace. */
export interface OrganizationWithMapping {
  id: string;
  token: string;
  workspaceId: string;
  /** Number of its first user, and of its first group. */
  first: number;
  users: number;
  groups: number;
}

/**
 * Organizations whose directory sync is active, as an admin and a provider would have left them: straight into the
 * tables, since through the API a thousand take minutes.
 */
export async function seedOrganizations(
  client: pg.Client,
  sizes: readonly { users: number; groups: number }[],
): Promise<OrganizationWithMapping[]> {
  const organizations = sizes.map((size, position) => ({
    ...size,
    id: v7(),
    workspaceId: v7(),
    first: (position + 1) * numbersPerOrganization,
    secret: createTokenSecret('rc_scim_'),
  }));
  await client.query('BEGIN');
  await client.query(
    `WITH given AS (
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::text[])
        AS given (id, token_id, hash, prefix, last_four)
    ), added AS (
      INSERT INTO organizations (id, name, plan, provisioning_mode)
      SELECT id, 'Organization ' || id, 'enterprise', 'scim' FROM given
    ), connections AS (
      INSERT INTO sso_connections (organization_id, provider, status, default_role)
      SELECT id, 'okta', 'active', 'viewer' FROM given
    ), proven AS (
      INSERT INTO domains (organization_id, domain, verification_token, verified_at)
      SELECT id, id || '.example', 'bench', now() FROM given
    )
    INSERT INTO scim_tokens (id, organization_id, token_hash, prefix, last_four)
    SELECT token_id, id, hash, prefix, last_four FROM given`,
    [
      organizations.map(({ id }) => id),
      organizations.map(() => v7()),
      organizations.map(({ secret }) => secret.hash),
      organizations.map(({ secret }) => secret.prefix),
      organizations.map(({ secret }) => secret.lastFour),
    ],
  );
  for (const { id: organizationId, workspaceId, first, users, groups } of organizations) {
    await insertUsers(client, { organizationId, suffix: `s${first}`, first, count: users });
    await insertMappedGroups(client, { organizationId, workspaceId, first, count: groups });
  }
  await client.query('COMMIT');
  return organizations.map(({ secret, ...organization }) => ({ ...organization, token: secret.token }));
}
