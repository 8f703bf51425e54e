import sql, { type Sql } from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { membersOf, membersOfEach } from '../../src/directory/read-groups.ts';
import type { Queryable } from '../../src/platform/database.ts';
import { newId } from '../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

// Right after a tenant's initial sync, statistics know other tenants only; Postgres then expects one user of the new one.

const organizationId = newId();
const users = 1_500;
const groups = 30;
const membersPerGroup = 150;

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
  const otherId = newId();
  for (const table of ['users', 'groups', 'group_members']) {
    await db.pool.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  }
  await addOrganization(otherId, 60, 5, 10);
  await db.query(sql`ANALYZE`);
  await addOrganization(organizationId, users, groups, membersPerGroup);
});
afterAll(() => db.close());

async function addOrganization(id: string, userCount: number, groupCount: number, members: number): Promise<void> {
  await db.query(sql`INSERT INTO organizations (id, name, plan) VALUES (${id}, 'O', 'business')`);
  await db.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name)
    SELECT ${id}::uuid, new_id(), 'directory', ${id} || n FROM generate_series(1, ${userCount}::integer) AS n`);
  await db.query(sql`
    INSERT INTO groups (organization_id, id, display_name)
    SELECT ${id}::uuid, new_id(), 'G' || n FROM generate_series(1, ${groupCount}::integer) AS n`);
  await db.query(sql`
    INSERT INTO group_members (organization_id, group_id, user_id)
    SELECT ${id}::uuid, g.id, u.id
    FROM groups g
    CROSS JOIN LATERAL (
      SELECT id FROM users WHERE organization_id = g.organization_id ORDER BY md5(id::text || g.id::text) LIMIT ${members}
    ) AS u
    WHERE g.organization_id = ${id}::uuid`);
}

/** What a read costs: the blocks that each of its statements touches. */
async function blocksTouched(read: (queryable: Queryable) => Promise<unknown>): Promise<number[]> {
  const touched: number[] = [];
  await read({
    async query<T extends object>(statement: Sql) {
      const [explained] = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number } }] }>(
        sql`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`,
      );
      touched.push(explained?.['QUERY PLAN'][0].Plan['Shared Hit Blocks'] ?? 0);
      return db.query<T>(statement);
    },
  });
  return touched;
}

// A look-up by primary key touches three or four blocks here. Joins that started from the users touched 2,400,000.
const blocksPerMember = 10;

test('the first members of many groups cost a look-up each, not a walk of all groups for each user', async () => {
  const rows = await db.query<{ id: string }>(sql`SELECT id FROM groups WHERE organization_id = ${organizationId}`);
  const ids = rows.map(({ id }) => id);
  const [blocks, ...further] = await blocksTouched((queryable) => membersOfEach(queryable, organizationId, ids));
  expect(blocks).toBeLessThan(groups * 100 * blocksPerMember);
  expect(further).toEqual([]);
});

test('so do those of one group', async () => {
  const [group] = await db.query<{ id: string }>(sql`SELECT id FROM groups WHERE organization_id = ${organizationId}`);
  const members: unknown[] = [];
  const [blocks] = await blocksTouched(async (queryable) => {
    for await (const page of membersOf(queryable, organizationId, group?.id ?? '')) members.push(...page);
  });
  expect(members).toHaveLength(membersPerGroup);
  expect(blocks).toBeLessThan(membersPerGroup * blocksPerMember);
});
