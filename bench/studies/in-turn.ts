import pg from 'pg';
import { migrate } from '../../src/platform/migrate.ts';
import { scimTarget, type LoadRequest } from '../load/messages.ts';
import { userId } from '../seed/sample-ids.ts';
import { seedOrganizations, type OrganizationWithMapping } from '../seed/seed-organizations.ts';
import type { PostgresServer } from '../servers/postgres-server.ts';
import { turnOf, type GrantInTurnParameters } from '../workloads/grants.ts';
import type { Stage } from './stage.ts';

/** A database with organizations, to be copied for each stage of a study. */
export async function prepareOrganizations(
  postgres: PostgresServer,
  template: string,
  sizes: readonly { users: number; groups: number }[],
): Promise<OrganizationWithMapping[]> {
  await postgres.createDatabase(template);
  await migrate(postgres.url(template));
  const client = new pg.Client({ connectionString: postgres.url(template) });
  await client.connect();
  try {
    return await seedOrganizations(client, sizes);
  } finally {
    await client.end();
    await postgres.settle(template);
  }
}

/** A load of additions to mapped groups, the organizations in turn, over all api processes of a stage. */
export function inTurn(
  { apis }: Pick<Stage, 'apis'>,
  organizations: readonly OrganizationWithMapping[],
): Pick<LoadRequest, 'target' | 'workload' | 'parameters'> {
  const parameters: GrantInTurnParameters = {
    organizations: organizations.map(({ first, groups }) => ({ firstGroup: first, groups, firstUser: first })),
  };
  return {
    target: scimTarget(
      apis.map(({ port }) => port),
      organizations,
    ),
    workload: 'grant-access-in-turn',
    parameters,
  };
}

/** How many requests there are users for. */
export function mostInTurn(organizations: readonly OrganizationWithMapping[]): number {
  return organizations.length * Math.min(...organizations.map(({ users }) => users));
}

/** Whom request number `index` gives access to. */
export function userInTurn(organizations: readonly OrganizationWithMapping[], index: number): string {
  const { organization, position } = turnOf(index, organizations.length);
  return userId((organizations[organization]?.first ?? 0) + position);
}

/**
 * The state after `changes` requests: in each organization exactly the users that were added have access, each request
 * has one entry in the log and each change of access one, and no job is left.
 *
 * @throws when it is another one
 */
export async function expectApplied(
  client: pg.Client,
  organizations: readonly OrganizationWithMapping[],
  changes: number,
): Promise<void> {
  const counts = organizations.map((_, position) => Math.ceil((changes - position) / organizations.length));
  const { rows } = await client.query<{ id: string; found: string; expected: string }>(
    `SELECT given.id, found, expected
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
      AS given (id, workspace_id, first_user, end_user, changes),
    LATERAL (
      SELECT (SELECT count(*) FROM workspace_members WHERE organization_id = given.id) AS grants,
        (SELECT count(*) FROM workspace_members m WHERE m.organization_id = given.id
          AND m.workspace_id = given.workspace_id AND origin = 'directory'
          AND user_id >= first_user AND user_id < end_user) AS right_grants,
        count(*) FILTER (WHERE action <> 'SYNC_ACCESS') AS entries,
        count(DISTINCT request_id) FILTER (WHERE action <> 'SYNC_ACCESS') AS requests,
        count(*) FILTER (WHERE action = 'SYNC_ACCESS' AND resource_type = 'User') AS access_entries,
        (SELECT count(*) FROM sync_jobs WHERE organization_id = given.id) AS jobs
      FROM sync_logs WHERE organization_id = given.id) AS counted,
    concat_ws(', ', grants, right_grants, entries, requests, access_entries, jobs) AS found,
    concat_ws(', ', changes, changes, changes, changes, changes, 0) AS expected
    WHERE found <> expected LIMIT 1`,
    [
      organizations.map(({ id }) => id),
      organizations.map(({ workspaceId }) => workspaceId),
      organizations.map(({ first }) => userId(first)),
      organizations.map(({ first }, position) => userId(first + (counts[position] ?? 0))),
      counts,
    ],
  );
  const [wrong] = rows;
  if (wrong === undefined) return;
  throw new Error(
    `organization ${wrong.id} has ${wrong.found} instead of ${wrong.expected} (grants, those that are right, entries, ` +
      'requests in the log, changes of access in the log, jobs)',
  );
}
