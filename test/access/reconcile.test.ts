import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reconcileUsers } from '../../src/access/reconcile.ts';
import { newId } from '../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  addMembers,
  cause,
  createGroup,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  entries,
  grantsOf,
  mapGroup,
  removeMembers,
  roleOf,
  waitForBlocked,
} from './fixtures.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

function reconcile(organizationId: string, userIds: string[], over: { onlyDrift?: boolean } = {}) {
  return db.transaction((tx) =>
    reconcileUsers(tx, { organizationId, userIds, cause, jobId: newId(), attempt: 1, ...over }),
  );
}

describe('workspaces', () => {
  test('are the union of what the mappings of the groups give', async () => {
    const organization = await createOrganization(db);
    const [alpha, beta, gamma] = [
      await createWorkspace(db, organization, 'Alpha'),
      await createWorkspace(db, organization, 'Beta'),
      await createWorkspace(db, organization, 'Gamma'),
    ];
    const user = await createUser(db, organization);
    await mapGroup(db, organization, await createGroup(db, organization, 'A', [user]), { workspaceIds: [alpha, beta] });
    await mapGroup(db, organization, await createGroup(db, organization, 'B', [user]), { workspaceIds: [beta] });
    await mapGroup(db, organization, await createGroup(db, organization, 'C', []), { workspaceIds: [gamma] });

    expect(await reconcile(organization, [user])).toEqual({ succeeded: 1, skipped: 0 });

    expect(await grantsOf(db, organization, user)).toEqual(['Alpha:directory', 'Beta:directory']);
  });

  test('that no group gives any more are revoked, those granted by hand stay', async () => {
    const organization = await createOrganization(db);
    const alpha = await createWorkspace(db, organization, 'Alpha');
    const user = await createUser(db, organization);
    const group = await createGroup(db, organization, 'A', [user]);
    await mapGroup(db, organization, group, { workspaceIds: [alpha] });
    await db.query(sql`
      INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      VALUES (${organization}, ${alpha}, ${user}, 'manual')`);
    await reconcile(organization, [user]);
    expect(await grantsOf(db, organization, user)).toEqual(['Alpha:directory', 'Alpha:manual']);

    await removeMembers(db, organization, group, [user]);
    await reconcile(organization, [user]);

    expect(await grantsOf(db, organization, user)).toEqual(['Alpha:manual']);
  });

  test('of an inactive user are none, and come back with the present mapping', async () => {
    const organization = await createOrganization(db);
    const [alpha, beta] = [
      await createWorkspace(db, organization, 'Alpha'),
      await createWorkspace(db, organization, 'Beta'),
    ];
    const user = await createUser(db, organization);
    const group = await createGroup(db, organization, 'A', [user]);
    await mapGroup(db, organization, group, { workspaceIds: [alpha], role: 'admin' });
    await reconcile(organization, [user]);

    await db.query(sql`UPDATE users SET active = false WHERE id = ${user}`);
    await reconcile(organization, [user]);
    expect(await grantsOf(db, organization, user)).toEqual([]);
    expect(await roleOf(db, organization, user)).toBe('admin');

    await mapGroup(db, organization, group, { workspaceIds: [beta], role: 'viewer' });
    await db.query(sql`UPDATE users SET active = true WHERE id = ${user}`);
    await reconcile(organization, [user]);
    expect(await grantsOf(db, organization, user)).toEqual(['Beta:directory']);
    expect(await roleOf(db, organization, user)).toBe('viewer');
  });
});

test.each([
  { groupRoles: [], expected: 'developer', why: 'no group at all: the connection role' },
  { groupRoles: [null, null], expected: 'developer', why: 'no group sets one: the connection role' },
  { groupRoles: ['viewer'] as const, expected: 'viewer', why: 'an explicit role below the connection role counts' },
  { groupRoles: ['viewer', 'admin', null] as const, expected: 'admin', why: 'the highest explicit one' },
  { groupRoles: ['viewer', 'developer'] as const, expected: 'developer', why: 'the highest explicit one' },
])('role $expected from groups $groupRoles: $why', async ({ groupRoles, expected }) => {
  const organization = await createOrganization(db, { defaultRole: 'developer' });
  const user = await createUser(db, organization);
  for (const [index, role] of groupRoles.entries()) {
    await mapGroup(db, organization, await createGroup(db, organization, `G${index}`, [user]), { role });
  }
  await reconcile(organization, [user]);
  expect(await roleOf(db, organization, user)).toBe(expected);
});

test.each(['manual', 'jit'])('a %s user is never touched, and the entry says so', async (managedBy) => {
  const organization = await createOrganization(db);
  const user = await createUser(db, organization, { managedBy, role: 'developer' });
  const group = await createGroup(db, organization, 'A', [user]);
  await mapGroup(db, organization, group, {
    workspaceIds: [await createWorkspace(db, organization, 'W')],
    role: 'admin',
  });

  expect(await reconcile(organization, [user])).toEqual({ succeeded: 0, skipped: 1 });

  expect(await grantsOf(db, organization, user)).toEqual([]);
  expect(await roleOf(db, organization, user)).toBe('developer');
  expect(await entries(db, organization)).toMatchObject([
    { action: 'SYNC_ACCESS', status: 'SKIPPED', message: 'Nothing to do: this user is not managed by the directory.' },
  ]);
});

test('leaves one entry per user: SUCCESS with what changed, SKIPPED with the reason', async () => {
  const organization = await createOrganization(db);
  const [alpha, beta] = [
    await createWorkspace(db, organization, 'Alpha'),
    await createWorkspace(db, organization, 'Beta'),
  ];
  const [moved, settled, gone] = [await createUser(db, organization), await createUser(db, organization), newId()];
  const old = await createGroup(db, organization, 'Old', [moved]);
  const next = await createGroup(db, organization, 'Next', []);
  await mapGroup(db, organization, old, { workspaceIds: [alpha], role: 'viewer' });
  await mapGroup(db, organization, next, { workspaceIds: [beta], role: 'admin' });
  await reconcile(organization, [moved, settled]);
  await db.query(sql`DELETE FROM sync_logs WHERE organization_id = ${organization}`);
  await removeMembers(db, organization, old, [moved]);
  await addMembers(db, organization, next, [moved]);

  expect(await reconcile(organization, [moved, settled, gone, moved])).toEqual({ succeeded: 1, skipped: 2 });

  const log = new Map((await entries(db, organization)).map((entry) => [entry.resourceId, entry]));
  expect(log.size).toBe(3);
  expect(log.get(moved)).toMatchObject({
    action: 'SYNC_ACCESS',
    status: 'SUCCESS',
    resourceType: 'User',
    message: 'Access updated: 1 granted, 1 revoked, role viewer to admin.',
    details: {
      workspacesGranted: [{ id: beta, name: 'Beta' }],
      workspacesRevoked: [{ id: alpha, name: 'Alpha' }],
      roleBefore: 'viewer',
      roleAfter: 'admin',
    },
    attempt: 1,
    requestId: 'test',
  });
  expect(log.get(settled)).toMatchObject({
    status: 'SKIPPED',
    message: 'Nothing to do: access already matches groups and mappings.',
    details: { workspacesGranted: [], workspacesRevoked: [], roleBefore: 'viewer', roleAfter: 'viewer' },
  });
  expect(log.get(gone)).toMatchObject({
    status: 'SKIPPED',
    message: 'Nothing to do: the user has been deleted in the meantime.',
  });
});

test('with onlyDrift logs what it repaired and nothing else', async () => {
  const organization = await createOrganization(db);
  const [right, drifted] = [await createUser(db, organization), await createUser(db, organization)];
  await reconcile(organization, [right]);
  await db.query(sql`DELETE FROM sync_logs WHERE organization_id = ${organization}`);

  expect(await reconcile(organization, [right, drifted], { onlyDrift: true })).toEqual({ succeeded: 1, skipped: 1 });

  expect((await entries(db, organization)).map((entry) => entry.resourceId)).toEqual([drifted]);
});

test('does not move the version of the user: a role is no SCIM attribute', async () => {
  const organization = await createOrganization(db);
  const user = await createUser(db, organization);
  const versionOf = () =>
    db.query(
      sql`SELECT version, updated_at AS "updatedAt" FROM users WHERE organization_id = ${organization} AND id = ${user}`,
    );
  const before = await versionOf();
  await reconcile(organization, [user]);
  expect(await versionOf()).toEqual(before);
});

test('never reaches into another organization', async () => {
  const [ours, theirs] = [await createOrganization(db), await createOrganization(db)];
  const user = await createUser(db, theirs);
  expect(await reconcile(ours, [user])).toEqual({ succeeded: 0, skipped: 1 });
  expect(await roleOf(db, theirs, user)).toBeNull();
  expect(await entries(db, theirs)).toEqual([]);
});

describe('at the same time', () => {
  test('a reconcile that waited for another computes from what that one left', async () => {
    const organization = await createOrganization(db);
    const alpha = await createWorkspace(db, organization, 'Alpha');
    const user = await createUser(db, organization);
    const group = await createGroup(db, organization, 'A', [user]);
    await mapGroup(db, organization, group, { workspaceIds: [alpha] });
    // The first one has applied and not committed; the second starts while the mapping's removal is committed already.
    let second: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await reconcileUsers(tx, { organizationId: organization, userIds: [user], cause, jobId: newId(), attempt: 1 });
      await mapGroup(db, organization, group, { workspaceIds: [] });
      second = reconcile(organization, [user]);
      await waitForBlocked(db);
    });
    await second;
    expect(await grantsOf(db, organization, user)).toEqual([]);
  });

  test('many reconciles of the same users in any order neither deadlock nor grant twice', async () => {
    const organization = await createOrganization(db);
    const workspaces = await Promise.all(
      Array.from({ length: 5 }, (_, index) => createWorkspace(db, organization, `W${index}`)),
    );
    const users = await createUsers(db, organization, 40);
    const group = await createGroup(db, organization, 'All', users);
    await mapGroup(db, organization, group, { workspaceIds: workspaces, role: 'developer' });

    const results = await Promise.all(
      Array.from({ length: 12 }, (_, run) =>
        reconcile(organization, run % 2 === 0 ? users : users.toReversed().slice(run)),
      ),
    );

    expect(results.reduce((sum, result) => sum + result.succeeded, 0)).toBe(users.length);
    const success = (await entries(db, organization)).filter((entry) => entry.status === 'SUCCESS');
    expect(success).toHaveLength(users.length);
  });

  test('a workspace that is deleted meanwhile drops out instead of failing the batch', async () => {
    const organization = await createOrganization(db);
    const [kept, deleted] = [
      await createWorkspace(db, organization, 'Kept'),
      await createWorkspace(db, organization, 'Gone'),
    ];
    const user = await createUser(db, organization);
    const group = await createGroup(db, organization, 'A', [user]);
    await mapGroup(db, organization, group, { workspaceIds: [kept, deleted] });

    let reconciled: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await tx.query(sql`DELETE FROM workspaces WHERE organization_id = ${organization} AND id = ${deleted}`);
      reconciled = reconcile(organization, [user]);
      await waitForBlocked(db);
    });

    expect(await reconciled).toEqual({ succeeded: 1, skipped: 0 });
    expect(await grantsOf(db, organization, user)).toEqual(['Kept:directory']);
  });

  test('a user who is deleted meanwhile is skipped', async () => {
    const organization = await createOrganization(db);
    const user = await createUser(db, organization);
    let reconciled: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await tx.query(sql`DELETE FROM users WHERE organization_id = ${organization} AND id = ${user}`);
      reconciled = reconcile(organization, [user]);
      await waitForBlocked(db);
    });
    expect(await reconciled).toEqual({ succeeded: 0, skipped: 1 });
  });
});
