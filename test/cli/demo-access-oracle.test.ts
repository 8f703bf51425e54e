import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { findDrift } from '../../src/cli/demo/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const organization = '00000000-0000-7000-8000-000000000001';
const other = '00000000-0000-7000-8000-000000000002';
const ada = '00000000-0000-7000-8000-00000000000a';
const ben = '00000000-0000-7000-8000-00000000000b';
const group = '00000000-0000-7000-8000-0000000000a1';
const secondGroup = '00000000-0000-7000-8000-0000000000a2';
const workspace = '00000000-0000-7000-8000-0000000000f1';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** Ada is in a group that gives the workspace and the role developer; Ben is in none. All is stored as it should be. */
beforeEach(async () => {
  await db.query(sql`DELETE FROM organizations`);
  for (const id of [organization, other]) {
    await db.query(
      sql`INSERT INTO organizations (id, name, plan, provisioning_mode) VALUES (${id}, 'O', 'business', 'scim')`,
    );
    await db.query(sql`
      INSERT INTO sso_connections (organization_id, provider, status, default_role) VALUES (${id}, 'okta', 'active', 'viewer')`);
    await db.query(sql`
      INSERT INTO domains (organization_id, domain, verification_token, verified_at)
      VALUES (${id}, ${`${id}.example`}, 't', now())`);
  }
  await db.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name, role)
    VALUES (${organization}, ${ada}, 'directory', 'ada', 'developer'), (${organization}, ${ben}, 'directory', 'ben', 'viewer')`);
  await db.query(sql`
    INSERT INTO groups (organization_id, id, display_name)
    VALUES (${organization}, ${group}, 'G'), (${organization}, ${secondGroup}, 'H')`);
  await db.query(
    sql`INSERT INTO group_members (organization_id, group_id, user_id) VALUES (${organization}, ${group}, ${ada})`,
  );
  await db.query(sql`INSERT INTO workspaces (organization_id, id, name) VALUES (${organization}, ${workspace}, 'W')`);
  await db.query(
    sql`INSERT INTO group_mappings (organization_id, group_id, role) VALUES (${organization}, ${group}, 'developer')`,
  );
  await db.query(sql`
    INSERT INTO group_mapping_workspaces (organization_id, group_id, workspace_id) VALUES (${organization}, ${group}, ${workspace})`);
  await db.query(sql`
    INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
    VALUES (${organization}, ${workspace}, ${ada}, 'directory')`);
});

test('finds nothing where stored access is what groups and mappings say', async () => {
  expect(await findDrift(db)).toEqual({ usersChecked: 2, grantsExpected: 1, drift: [] });
});

test.each([
  [
    'a grant is missing',
    sql`DELETE FROM workspace_members`,
    { userName: 'ada', kind: 'missing-grant', workspace: 'W' },
  ],
  [
    'a grant outlived its membership',
    sql`DELETE FROM group_members`,
    { userName: 'ada', kind: 'phantom-grant', workspace: 'W' },
  ],
  [
    "a grant outlived the user's activity",
    sql`UPDATE users SET active = false WHERE id = ${ada}`,
    { userName: 'ada', kind: 'phantom-grant' },
  ],
  [
    'somebody whom no directory manages holds a directory grant',
    sql`UPDATE users SET managed_by = 'manual' WHERE id = ${ada}`,
    { userName: 'ada', kind: 'phantom-grant' },
  ],
  [
    'a role is not the one that the group sets',
    sql`UPDATE users SET role = 'viewer'`,
    { userName: 'ada', kind: 'wrong-role', workspace: null, expected: 'developer', actual: 'viewer' },
  ],
  [
    'a user has no role yet',
    sql`UPDATE users SET role = NULL WHERE id = ${ben}`,
    { userName: 'ben', kind: 'wrong-role', expected: 'viewer', actual: null },
  ],
  [
    'the connection role changed',
    sql`UPDATE sso_connections SET default_role = 'developer' WHERE organization_id = ${organization}`,
    { userName: 'ben', kind: 'wrong-role', expected: 'developer', actual: 'viewer' },
  ],
])('says so when %s', async (_, change, expected) => {
  await db.query(change);
  expect((await findDrift(db)).drift).toContainEqual(
    expect.objectContaining({ organizationId: organization, ...expected }),
  );
});

test('the highest role of several groups counts, and a group without one does not lower it', async () => {
  await db.query(sql`
    INSERT INTO group_members (organization_id, group_id, user_id) VALUES (${organization}, ${secondGroup}, ${ada})`);
  await db.query(sql`INSERT INTO group_mappings (organization_id, group_id) VALUES (${organization}, ${secondGroup})`);
  expect((await findDrift(db)).drift).toEqual([]);
  await db.query(sql`UPDATE group_mappings SET role = 'admin' WHERE group_id = ${secondGroup}`);
  expect((await findDrift(db)).drift).toMatchObject([{ kind: 'wrong-role', expected: 'admin', actual: 'developer' }]);
});

test('leaves manual access and organizations without directory sync alone', async () => {
  await db.query(sql`
    INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
    VALUES (${organization}, ${workspace}, ${ben}, 'manual')`);
  expect((await findDrift(db)).drift).toEqual([]);
  await db.query(sql`DELETE FROM workspace_members WHERE origin = 'directory'`);
  await db.query(sql`UPDATE organizations SET provisioning_mode = 'manual'`);
  expect(await findDrift(db)).toMatchObject({ usersChecked: 0, drift: [] });
});

test('judges one organization when asked to', async () => {
  await db.query(sql`DELETE FROM workspace_members`);
  expect((await findDrift(db, other)).drift).toEqual([]);
  expect((await findDrift(db, organization)).drift).toHaveLength(1);
});
