import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reconcileUsers } from '../../src/access/reconcile.ts';
import type { DirectoryCaller } from '../../src/directory/caller.ts';
import { patchGroup } from '../../src/directory/change-group.ts';
import { patchUser } from '../../src/directory/change-user.ts';
import { createGroup } from '../../src/directory/create-group.ts';
import { createUser } from '../../src/directory/create-user.ts';
import { groupAttributes, userAttributes } from '../../src/directory/attribute-sql.ts';
import { filterSql } from '../../src/directory/filter-sql.ts';
import { listGroups } from '../../src/directory/read-groups.ts';
import { listUsers, readUser } from '../../src/directory/read-users.ts';
import { claimPending } from '../../src/jobs/claim.ts';
import { authenticateScim } from '../../src/provisioning/authenticate-scim.ts';
import { deleteJob } from '../../src/jobs/finish.ts';
import { lockJob } from '../../src/jobs/lock.ts';
import { createScimToken } from '../../src/provisioning/scim-tokens.ts';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { cause, createOrganization } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

// A connection keeps its plans. Those that it made while a database was new have to serve while an initial sync fills it,
// before any statistics are there.

let server: TestDatabase;
/** With one connection, which keeps its plans from the first statement to the last. */
let db: Database;
let caller: DirectoryCaller;
let token: string;

beforeAll(async () => {
  server = await createTestDatabase();
  for (const table of ['users', 'groups', 'group_members', 'workspace_members', 'sync_jobs']) {
    await server.query(sql`ALTER TABLE ${raw(table)} SET (autovacuum_enabled = false)`);
  }
  db = openDatabase({ url: server.url, maxConnections: 1, applicationName: 'test', onIdleError: () => undefined });
  caller = { organizationId: await createOrganization(server), userNameFormat: 'any', cause };
  ({ token } = await server.transaction((tx) => createScimToken(tx, caller.organizationId)));
});
afterAll(async () => {
  await db.close();
  await server.close();
});

const patch = (operation: unknown, resourceType: ResourceType) => ({
  operations: parsePatchRequest({ schemas: [patchSchema], Operations: [operation] }, resourceType),
  resourceType,
  ifMatch: undefined,
});
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** What a provider sends about one user, and what a worker makes of it. */
async function sync(q: Database, groupId: string, userName: string): Promise<void> {
  const { organizationId } = caller;
  await authenticateScim(q, { organizationId, token });
  const { id } = await createUser(q, caller, { userName });
  await patchUser(q, caller, id, {
    ...patch({ op: 'replace', path: 'active', value: false }, userResourceType),
    withGroups: true,
  });
  await patchGroup(
    q,
    caller,
    groupId,
    patch({ op: 'add', path: 'members', value: [{ value: id }] }, groupResourceType),
  );
  await readUser(q, organizationId, id, { withGroups: true });
  await lookUp(q, userName);
  const [job] = await claimPending(q, { inFlightPerOrganization: 16, total: 1 });
  if (job === undefined) throw new Error('there is no job');
  await q.transaction(async (tx) => {
    await lockJob(tx, job);
    await reconcileUsers(tx, {
      organizationId,
      userIds: [id],
      cause,
      jobId: job.id,
      attempt: 1,
      alongside: deleteJob(job),
    });
  });
}

/** What a provider asks before it creates somebody or a group. */
async function lookUp(q: Database, userName: string): Promise<void> {
  const window = { kind: 'index', order: { direction: 'ascending' }, startIndex: 1, count: 100 } as const;
  const urls = { users: 'https://scim.example/Users/', groups: 'https://scim.example/Groups/' };
  const users = userAttributes(userResourceType, urls);
  for (const text of [`userName eq "${userName}"`, `externalId eq "${userName}"`]) {
    const filter = filterSql(parseFilter(text, userResourceType), users);
    await listUsers(q, caller.organizationId, filter, window, { withGroups: true });
  }
  const groups = groupAttributes(groupResourceType, urls);
  const filter = filterSql(parseFilter('displayName eq "Nobody"', groupResourceType), groups);
  await listGroups(q, caller.organizationId, filter, window);
}

/** How many blocks everybody has touched in this database so far. */
async function blocksTouched(): Promise<number> {
  for (const each of [db, server]) await each.query(sql`SELECT pg_stat_force_next_flush()`);
  const [row] = await server.query<{ blocks: number }>(sql`
    SELECT sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0))::int8 AS blocks
    FROM pg_statio_user_tables`);
  return row?.blocks ?? 0;
}

async function fill(users: number): Promise<void> {
  const { organizationId } = caller;
  const group = await createGroup(server, caller, { displayName: 'Large' }, []);
  await server.query(sql`
    WITH u AS (
      INSERT INTO users (organization_id, id, managed_by, user_name)
      SELECT ${organizationId}::uuid, new_id(), 'directory', 'filled-' || n FROM generate_series(1, ${users}::integer) AS n
      RETURNING id
    ), job AS (
      INSERT INTO sync_jobs (id, organization_id, queue, payload)
      SELECT new_id(), ${organizationId}::uuid, 'group-membership', jsonb_build_object('userIds', jsonb_build_array(id))
      FROM u
    )
    INSERT INTO group_members (organization_id, group_id, user_id) SELECT ${organizationId}::uuid, ${group.id}::uuid, id FROM u`);
}

test('plans that were made in an empty database serve as well when it is full', async () => {
  const { id: groupId } = await createGroup(db, caller, { displayName: 'Everybody' }, []);
  const blocksOf = async (prefix: string): Promise<number> => {
    const before = await blocksTouched();
    for (let n = 0; n < 10; n += 1) await sync(db, groupId, `${prefix}-${n}`);
    return (await blocksTouched()) - before;
  };
  await blocksOf('planned');
  const whileEmpty = await blocksOf('empty');
  await fill(20_000);
  // Deeper indexes take some blocks more; the first plans that were kept took ten times as many.
  const whenFull = await blocksOf('full');
  expect(whenFull).toBeLessThan(whileEmpty * 2);
  const plans = await db.query<{ kept: number }>(sql`
    SELECT count(*) AS kept FROM pg_prepared_statements WHERE generic_plans > 0`);
  expect(plans[0]?.kept).toBeGreaterThan(7);
  // Each look-up has one plan for all values: to make one takes longer than to look up.
  const lookUps = await db.query<{ statement: string; kept: boolean }>(sql`
    SELECT statement, generic_plans > custom_plans AS kept FROM pg_prepared_statements WHERE statement ~ ${'OFFSET 0[)] AS [ug]\\s+ORDER BY'}`);
  expect(lookUps.map(({ kept }) => kept)).toEqual([true, true, true]);
});
