import pg from 'pg';
import { schema } from '../ceiling/schema.ts';
import { organizations, type OrganizationName, type Sizes } from '../workloads/workload.ts';
import { groupPrefix, numbersPerOrganization, userPrefix } from './sample-ids.ts';
import { seededGroups, userCounts, type SeededOrganization } from './seed-rollcall.ts';

/** The same users and groups in the tables of the ceiling. */
export async function seedCeiling(
  databaseUrl: string,
  seeded: Record<OrganizationName, SeededOrganization>,
  sizes: Sizes,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(schema);
    for (const [name, count] of Object.entries(userCounts(sizes)) as [OrganizationName, number][]) {
      const { id, suffix } = seeded[name];
      const first = organizations[name] * numbersPerOrganization;
      await client.query(
        `INSERT INTO users (id, organization_id, user_name, active, resource)
          SELECT ('${userPrefix}' || lpad(n::text, 12, '0'))::uuid, $1, name, true,
            jsonb_build_object('schemas', jsonb_build_array('urn:ietf:params:scim:schemas:core:2.0:User'),
              'userName', name, 'name', jsonb_build_object('givenName', 'Given' || n, 'familyName', 'Family' || n),
              'emails', jsonb_build_array(jsonb_build_object('primary', true, 'value', name, 'type', 'work')),
              'displayName', 'Given' || n || ' Family' || n, 'title', 'Engineer', 'locale', 'en-US',
              'externalId', '00u' || $2::text || n)
          FROM generate_series($3::bigint, $4::bigint) AS n, LATERAL (SELECT 'user' || n || '@' || $2::text || '.example' AS name)`,
        [id, suffix, first, first + count - 1],
      );
    }
    for (const { number, members } of seededGroups(sizes)) {
      const id = `${groupPrefix}${String(number).padStart(12, '0')}`;
      await client.query(
        `INSERT INTO groups (id, organization_id, display_name, resource)
          VALUES ($1::uuid, $2, $3::text, jsonb_build_object('displayName', $3::text))`,
        [id, seeded.large.id, `Group ${number}`],
      );
      const first = organizations.large * numbersPerOrganization;
      await client.query(
        `INSERT INTO group_members (group_id, user_id)
          SELECT $1, ('${userPrefix}' || lpad(n::text, 12, '0'))::uuid FROM generate_series($2::bigint, $3::bigint) AS n`,
        [id, first, first + members - 1],
      );
    }
  } finally {
    await client.end();
  }
}
