import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportDrift } from '../../src/access/drift.ts';
import { findDrift } from '../../src/cli/demo/access-oracle.ts';
import { newId } from '../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  addMembershipJobs,
  createGroup,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  mapGroup,
  workJob,
} from './fixtures.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function settle(organizationId: string, users: readonly string[]): Promise<void> {
  for (const job of await addMembershipJobs(db, organizationId, users)) await workJob(db, job);
}

async function snapshot(organizationId: string): Promise<unknown> {
  return db.query(sql`
    SELECT (SELECT jsonb_agg(u ORDER BY id) FROM users u WHERE organization_id = ${organizationId}) AS users,
      (SELECT jsonb_agg(m ORDER BY user_id, workspace_id) FROM workspace_members m
       WHERE organization_id = ${organizationId}) AS grants,
      (SELECT count(*) FROM sync_logs WHERE organization_id = ${organizationId}) AS entries`);
}

test('a settled organization has no drift; then each difference is named, and nothing is changed', async () => {
  const organizationId = await createOrganization(db);
  const [alpha, beta] = [
    await createWorkspace(db, organizationId, 'Alpha'),
    await createWorkspace(db, organizationId, 'Beta'),
  ];
  const users = await createUsers(db, organizationId, 5);
  const [lacks = '', holds = '', wrongRole = '', inactive = ''] = users;
  const group = await createGroup(db, organizationId, 'A', users);
  await mapGroup(db, organizationId, group, { workspaceIds: [alpha], role: 'developer' });
  await settle(organizationId, users);
  expect(await reportDrift(db, organizationId, { limit: 10 })).toEqual({
    directorySyncActive: true,
    unfinishedJobs: 0,
    failedJobs: 0,
    totals: { checked: 5, complete: true, drifting: 0, missing: 0, surplus: 0, roles: 0 },
    items: [],
    nextCursor: null,
  });

  await db.query(sql`DELETE FROM workspace_members WHERE user_id = ${lacks}`);
  await db.query(sql`
    INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
    VALUES (${organizationId}, ${beta}, ${holds}, 'directory'), (${organizationId}, ${beta}, ${lacks}, 'manual')`);
  await db.query(sql`UPDATE users SET role = 'admin' WHERE id = ${wrongRole}`);
  await db.query(sql`UPDATE users SET active = false WHERE id = ${inactive}`);
  // None of the directory's business.
  const invited = await createUser(db, organizationId, { managedBy: 'manual', role: 'admin' });
  await db.query(sql`
    INSERT INTO group_members (organization_id, group_id, user_id) VALUES (${organizationId}, ${group}, ${invited})`);
  await addMembershipJobs(db, organizationId, [lacks]);

  const before = await snapshot(organizationId);
  const report = await reportDrift(db, organizationId, { limit: 10 });
  expect(report).toMatchObject({
    unfinishedJobs: 1,
    totals: { checked: 5, drifting: 4, missing: 1, surplus: 2, roles: 1 },
    nextCursor: null,
  });
  const drifting = (userId: string, over: object) => ({
    userId,
    userName: `${userId}@example.com`,
    active: true,
    workspacesMissing: [],
    workspacesSurplus: [],
    roleActual: 'developer',
    roleDesired: 'developer',
    ...over,
  });
  expect(report.items).toEqual([
    drifting(lacks, { workspacesMissing: [{ id: alpha, name: 'Alpha' }] }),
    drifting(holds, { workspacesSurplus: [{ id: beta, name: 'Beta' }] }),
    drifting(wrongRole, { roleActual: 'admin' }),
    drifting(inactive, { active: false, workspacesSurplus: [{ id: alpha, name: 'Alpha' }] }),
  ]);
  expect(await snapshot(organizationId)).toEqual(before);

  const pages = [];
  for (let cursor: string | undefined; ;) {
    const page = await reportDrift(db, organizationId, { limit: 3, cursor });
    expect(page.totals).toEqual(cursor === undefined ? report.totals : null);
    pages.push(page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  expect(pages.map((page) => page.length)).toEqual([3, 1]);
  expect(pages.flat()).toEqual(report.items);

  await settle(organizationId, users);
  expect((await reportDrift(db, organizationId, { limit: 10 })).totals?.drifting).toBe(0);
});

test('agrees with a query that shares no code with it, on an organization in disorder', async () => {
  const organizationId = await createOrganization(db, { defaultRole: 'viewer' });
  const users = await createUsers(db, organizationId, 60);
  const workspaces: string[] = [];
  for (let i = 0; i < 6; i += 1) workspaces.push(await createWorkspace(db, organizationId, `W${i}`));
  for (let i = 0; i < 8; i += 1) {
    const members = users.filter((_user, index) => (index * 7 + i * 3) % 5 < 2);
    const group = await createGroup(db, organizationId, `G${i}`, members);
    const role = ([null, 'viewer', 'developer', 'admin'] as const)[i % 4] ?? null;
    if (i > 0) {
      await mapGroup(db, organizationId, group, {
        workspaceIds: workspaces.filter((_workspace, w) => (w + i) % 3 === 0),
        role,
      });
    }
  }
  await db.query(sql`
    INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
    SELECT ${organizationId}, w, u, 'directory'
    FROM unnest(${workspaces}::uuid[]) WITH ORDINALITY AS w (w, wn), unnest(${users}::uuid[]) WITH ORDINALITY AS u (u, un)
    WHERE (wn * 5 + un) % 7 = 0`);
  await db.query(sql`UPDATE users SET active = false WHERE id = ANY (${users.filter((_u, i) => i % 9 === 0)}::uuid[])`);

  const report = await reportDrift(db, organizationId, { limit: 200 });
  const oracle = await findDrift(db, organizationId);
  const { drifting = 0, missing = 0, surplus = 0, roles = 0 } = report.totals ?? {};
  expect(drifting).toBeGreaterThan(30);
  expect(missing + surplus + roles).toBe(oracle.drift.length);
  expect(await reportDrift(db, organizationId, { limit: 200 }, { sliceSize: 7 })).toEqual(report);

  // Out of time after each slice: the totals say so, and the pages still name everybody once.
  const hurried = { budgetMs: 0, sliceSize: 7 };
  const named: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await reportDrift(db, organizationId, { limit: 5, cursor }, hurried);
    if (cursor === undefined) expect(page.totals).toMatchObject({ checked: 7, complete: false });
    named.push(...page.items.map(({ userId }) => userId));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  expect(named).toEqual(report.items.map(({ userId }) => userId));
});

test('an organization without active directory sync says that nothing is being applied', async () => {
  const organizationId = await createOrganization(db, { mode: 'manual' });
  await createUser(db, organizationId);
  expect(await reportDrift(db, organizationId, { limit: 1 })).toMatchObject({
    directorySyncActive: false,
    totals: { checked: 1, roles: 1 },
  });
});

test('refuses a cursor that is none, and an id that is none', async () => {
  const organizationId = await createOrganization(db);
  await expect(reportDrift(db, organizationId, { limit: 1, cursor: 'x' })).rejects.toMatchObject({
    code: 'invalid-cursor',
  });
  await expect(reportDrift(db, 'x', { limit: 1 })).rejects.toMatchObject({ kind: 'not-found' });
  expect((await reportDrift(db, organizationId, { limit: 1, cursor: newId() })).items).toEqual([]);
});
