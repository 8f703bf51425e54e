import pg from 'pg';
import { batchGroups, firstBatchGroup, putGroupNumber } from '../workloads/groups.ts';
import { organizations, type OrganizationName, type Sizes } from '../workloads/workload.ts';
import { groupId, groupPrefix, numbersPerOrganization, userPrefix } from './sample-ids.ts';

export interface SeededOrganization {
  id: string;
  suffix: string;
}

/** Users and groups as if an identity provider had pushed them long ago: set-based, straight into the tables. */
export async function seedRollcall(
  databaseUrl: string,
  seeded: Record<OrganizationName, SeededOrganization>,
  sizes: Sizes,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    // Selecting SCIM asked for a resync, which is not to run beside what is measured.
    await client.query('DELETE FROM sync_jobs');
    for (const [name, count] of Object.entries(userCounts(sizes)) as [OrganizationName, number][]) {
      const { id, suffix } = seeded[name];
      await insertUsers(client, {
        organizationId: id,
        suffix,
        first: organizations[name] * numbersPerOrganization,
        count,
      });
    }
    const { id } = seeded.large;
    const first = organizations.large * numbersPerOrganization;
    for (const group of seededGroups(sizes)) {
      await insertGroup(client, { organizationId: id, number: group.number, firstUser: first, members: group.members });
    }
  } finally {
    await client.end();
  }
}

export function userCounts(sizes: Sizes): Record<OrganizationName, number> {
  return {
    small: sizes.smallUsers,
    medium: sizes.mediumUsers,
    large: Math.max(...sizes.groups) + sizes.spareUsers,
  };
}

export function seededGroups(sizes: Sizes): { number: number; members: number }[] {
  return [
    ...sizes.groups.map((members) => ({ number: members, members })),
    { number: putGroupNumber, members: 10_000 },
    ...Array.from({ length: batchGroups }, (_, index) => ({ number: firstBatchGroup + index, members: 0 })),
  ];
}

export async function insertUsers(
  client: pg.Client,
  { organizationId, suffix, first, count }: { organizationId: string; suffix: string; first: number; count: number },
): Promise<void> {
  await client.query(
    `INSERT INTO users (organization_id, id, managed_by, user_name, email, external_id, display_name, active, role,
        attributes, email_values)
      SELECT $1, ('${userPrefix}' || lpad(n::text, 12, '0'))::uuid, 'directory', name, name, '00u' || $2::text || n,
        'Given' || n || ' Family' || n, true, 'viewer',
        jsonb_build_object('name', jsonb_build_object('givenName', 'Given' || n, 'familyName', 'Family' || n),
          'emails', jsonb_build_array(jsonb_build_object('primary', true, 'value', name, 'type', 'work')),
          'displayName', 'Given' || n || ' Family' || n, 'title', 'Engineer', 'locale', 'en-US'),
        ARRAY[name]
      FROM generate_series($3::bigint, $4::bigint) AS n, LATERAL (SELECT 'user' || n || '@' || $2::text || '.example' AS name)`,
    [organizationId, suffix, first, first + count - 1],
  );
}

/** Groups without members so far, mapped to one workspace; nobody is asked to compute anything. */
export async function insertMappedGroups(
  client: pg.Client,
  { organizationId, workspaceId, first, count }: SeededMapping,
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, offset) => first + offset);
  for (const number of numbers) await insertGroup(client, { organizationId, number, firstUser: first, members: 0 });
  await client.query('INSERT INTO workspaces (organization_id, id, name) VALUES ($1, $2, $3)', [
    organizationId,
    workspaceId,
    'Everything',
  ]);
  const groupIds = numbers.map(groupId);
  await client.query('INSERT INTO group_mappings (organization_id, group_id) SELECT $1, unnest($2::uuid[])', [
    organizationId,
    groupIds,
  ]);
  await client.query(
    `INSERT INTO group_mapping_workspaces (organization_id, group_id, workspace_id)
      SELECT $1, unnest($2::uuid[]), $3`,
    [organizationId, groupIds, workspaceId],
  );
}

interface SeededMapping {
  organizationId: string;
  workspaceId: string;
  /** Number of the first group, and how many there are. */
  first: number;
  count: number;
}

/** The first `members` users from `firstUser` on become its members. */
export async function insertGroup(
  client: pg.Client,
  group: { organizationId: string; number: number; firstUser: number; members: number },
): Promise<void> {
  const { organizationId, number, firstUser, members } = group;
  const id = `${groupPrefix}${String(number).padStart(12, '0')}`;
  await client.query(
    `INSERT INTO groups (organization_id, id, display_name, external_id) VALUES ($1, $2::uuid, $3::text, $3::text)`,
    [organizationId, id, number === putGroupNumber ? 'Replaced' : `Group ${number}`],
  );
  if (members === 0) return;
  await client.query(
    `INSERT INTO group_members (organization_id, group_id, user_id)
      SELECT $1, $2, ('${userPrefix}' || lpad(n::text, 12, '0'))::uuid FROM generate_series($3::bigint, $4::bigint) AS n`,
    [organizationId, id, firstUser, firstUser + members - 1],
  );
}
