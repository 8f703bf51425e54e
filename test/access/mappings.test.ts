import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getGroup, listGroups } from '../../src/access/list-groups.ts';
import { saveMapping } from '../../src/access/mappings.ts';
import { previewMapping } from '../../src/access/preview-mapping.ts';
import type { OrganizationRole } from '../../src/contract/roles.ts';
import { newId } from '../../src/platform/ids.ts';
import { expectNoDrift } from '../support/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  addMembers,
  addMembershipJobs,
  cause,
  createGroup,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  entries,
  grantsOf,
  jobRows,
  mapGroup,
  roleOf,
  waitForBlocked,
  workJob,
} from './fixtures.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

interface Save {
  organizationId: string;
  groupId: string;
  workspaceIds?: string[];
  role?: OrganizationRole | null;
  confirm?: boolean;
}
const save = ({ workspaceIds = [], role = null, confirm = false, ...rest }: Save) =>
  saveMapping(db, { workspaceIds, role, confirm, cause, ...rest });

describe('saving a mapping', () => {
  test('stores it, logs what changed, and adds the job that it names', async () => {
    const organizationId = await createOrganization(db);
    const [alpha, beta] = [
      await createWorkspace(db, organizationId, 'Alpha'),
      await createWorkspace(db, organizationId, 'Beta'),
    ];
    const groupId = await createGroup(db, organizationId, 'Engineers');
    await mapGroup(db, organizationId, groupId, { workspaceIds: [alpha], role: 'viewer' });

    const { jobId } = await save({ organizationId, groupId, workspaceIds: [beta, beta], role: 'developer' });

    expect((await getGroup(db, organizationId, groupId)).mapping).toMatchObject({
      workspaceIds: [beta],
      role: 'developer',
    });
    expect(await jobRows(db, organizationId)).toMatchObject([{ id: jobId, payload: { scope: 'group', groupId } }]);
    expect(await entries(db, organizationId)).toMatchObject([
      {
        action: 'UPDATE_MAPPING',
        status: 'SUCCESS',
        resourceType: 'GroupMapping',
        resourceId: groupId,
        details: { workspacesAdded: [beta], workspacesRemoved: [alpha], roleBefore: 'viewer', roleAfter: 'developer' },
        jobId,
      },
    ]);
  });

  test('that is there already is SKIPPED, and its members are walked all the same', async () => {
    const organizationId = await createOrganization(db);
    const workspaceIds = [
      await createWorkspace(db, organizationId, 'Alpha'),
      await createWorkspace(db, organizationId, 'Beta'),
    ];
    const groupId = await createGroup(db, organizationId, 'Engineers');
    await save({ organizationId, groupId, workspaceIds, role: 'viewer' });
    const { jobId } = await save({ organizationId, groupId, workspaceIds: workspaceIds.toReversed(), role: 'viewer' });
    expect((await entries(db, organizationId)).map((entry) => entry.status)).toEqual(['SUCCESS', 'SKIPPED']);
    expect((await jobRows(db, organizationId)).map((row) => row.id)).toContain(jobId);
  });

  test('without a workspace and without a role is a mapping too', async () => {
    const organizationId = await createOrganization(db);
    const groupId = await createGroup(db, organizationId, 'Engineers');
    await save({ organizationId, groupId });
    expect((await getGroup(db, organizationId, groupId)).mapping).toMatchObject({ workspaceIds: [], role: null });
    expect((await entries(db, organizationId)).map((entry) => entry.status)).toEqual(['SUCCESS']);
  });

  test.each([
    { of: 'an unknown group', groupId: newId() },
    { of: 'a group whose id is no id', groupId: 'engineers' },
  ])('of $of is refused as not found', async ({ groupId }) => {
    const organizationId = await createOrganization(db);
    await expect(save({ organizationId, groupId })).rejects.toMatchObject({
      kind: 'not-found',
      code: 'group-not-found',
    });
    expect(await jobRows(db, organizationId)).toEqual([]);
    expect((await entries(db, organizationId)).map((entry) => entry.status)).toEqual(['FAILED']);
  });

  test.each([newId(), 'nothing'])('in the unknown organization %s is refused as not found', async (organizationId) => {
    await expect(save({ organizationId, groupId: newId() })).rejects.toMatchObject({ code: 'organization-not-found' });
  });

  test('of a group of another organization is refused like an unknown one', async () => {
    const [ours, theirs] = [await createOrganization(db), await createOrganization(db)];
    const groupId = await createGroup(db, theirs, 'Engineers');
    await expect(save({ organizationId: ours, groupId })).rejects.toMatchObject({ code: 'group-not-found' });
    expect((await getGroup(db, theirs, groupId)).mapping).toBeNull();
  });

  test.each(['unknown', 'no id', 'of another organization'])(
    'with a workspace that is %s is refused, naming it',
    async (kind) => {
      const organizationId = await createOrganization(db);
      const groupId = await createGroup(db, organizationId, 'Engineers');
      const good = await createWorkspace(db, organizationId, 'Alpha');
      const bad =
        kind === 'no id'
          ? 'alpha'
          : kind === 'unknown'
            ? newId()
            : await createWorkspace(db, await createOrganization(db), 'Theirs');
      const refused = save({ organizationId, groupId, workspaceIds: [good, bad] });
      await expect(refused).rejects.toMatchObject({
        kind: 'invalid',
        code: 'unknown-workspace',
        details: { workspaceIds: [bad] },
      });
      await expect(refused).rejects.toThrow(bad);
      expect((await getGroup(db, organizationId, groupId)).mapping).toBeNull();
      expect(await entries(db, organizationId)).toMatchObject([{ action: 'UPDATE_MAPPING', status: 'FAILED' }]);
    },
  );

  test('of a group that is deleted meanwhile answers not found and leaves nothing', async () => {
    const organizationId = await createOrganization(db);
    const groupId = await createGroup(db, organizationId, 'Engineers');
    let saved: Promise<unknown> = Promise.resolve();
    await db.transaction(async (tx) => {
      await tx.query(sql`DELETE FROM groups WHERE organization_id = ${organizationId} AND id = ${groupId}`);
      saved = save({ organizationId, groupId });
      saved.catch(() => undefined);
      await waitForBlocked(db);
    });
    await expect(saved).rejects.toMatchObject({ code: 'group-not-found' });
    expect(await jobRows(db, organizationId)).toEqual([]);
  });
});

describe('the last admin', () => {
  /** One admin by the mapping of "Admins", one developer by "Developers". */
  async function twoGroups({ defaultRole = 'viewer' }: { defaultRole?: OrganizationRole } = {}) {
    const organizationId = await createOrganization(db, { defaultRole });
    const [admin, developer] = await createUsers(db, organizationId, 2);
    if (admin === undefined || developer === undefined) throw new Error('two users were created');
    const admins = await createGroup(db, organizationId, 'Admins', [admin]);
    const developers = await createGroup(db, organizationId, 'Developers', [developer]);
    await mapGroup(db, organizationId, admins, { role: 'admin' });
    await mapGroup(db, organizationId, developers, { role: 'developer' });
    return { organizationId, admin, developer, admins, developers };
  }

  test('is not taken away unless the change is confirmed', async () => {
    const { organizationId, admins } = await twoGroups();
    const change = { organizationId, groupId: admins, role: 'viewer' as const };
    expect(await previewMapping(db, { ...change, workspaceIds: [] })).toMatchObject({
      losesLastAdmin: true,
      roleChanges: 1,
    });
    await expect(save(change)).rejects.toMatchObject({ kind: 'conflict', code: 'last-admin' });
    expect((await getGroup(db, organizationId, admins)).mapping?.role).toBe('admin');
    expect(await entries(db, organizationId)).toMatchObject([{ status: 'FAILED', details: { reason: 'last-admin' } }]);

    await save({ ...change, confirm: true });
    expect((await getGroup(db, organizationId, admins)).mapping?.role).toBe('viewer');
  });

  test.each([
    { why: 'another group gives the role to somebody active', with: 'another-group' },
    { why: 'an admin whom the directory does not manage is left', with: 'manual-admin' },
    { why: 'the connection role is admin and applies to somebody', with: 'connection-role' },
    { why: 'there was no active admin before either', with: 'inactive' },
  ] as const)('is no matter when $why', async ({ with: circumstance }) => {
    const { organizationId, admin, admins, developers } = await twoGroups(
      circumstance === 'connection-role' ? { defaultRole: 'admin' } : {},
    );
    if (circumstance === 'another-group') await mapGroup(db, organizationId, developers, { role: 'admin' });
    if (circumstance === 'manual-admin') await createUser(db, organizationId, { managedBy: 'manual', role: 'admin' });
    if (circumstance === 'connection-role') await createUser(db, organizationId);
    if (circumstance === 'inactive') await db.query(sql`UPDATE users SET active = false WHERE id = ${admin}`);
    const change = { organizationId, groupId: admins, role: 'viewer' as const };
    expect(await previewMapping(db, { ...change, workspaceIds: [] })).toMatchObject({ losesLastAdmin: false });
    await save(change);
  });

  test('cannot be lost by two changes at once that each rely on the other group', async () => {
    const { organizationId, admins, developers } = await twoGroups();
    await mapGroup(db, organizationId, developers, { role: 'admin' });
    const outcomes = await Promise.allSettled(
      [admins, developers].map((groupId) => save({ organizationId, groupId, role: 'viewer' })),
    );
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});

describe('the preview', () => {
  test('counts what saving changes, and writes nothing', async () => {
    const organizationId = await createOrganization(db);
    const [alpha, beta, gamma] = [
      await createWorkspace(db, organizationId, 'Alpha'),
      await createWorkspace(db, organizationId, 'Beta'),
      await createWorkspace(db, organizationId, 'Gamma'),
    ];
    const [first, second, inactive] = await createUsers(db, organizationId, 3);
    if (first === undefined || second === undefined || inactive === undefined) throw new Error('three were created');
    await db.query(sql`UPDATE users SET active = false WHERE id = ${inactive}`);
    const manual = await createUser(db, organizationId, { managedBy: 'manual' });
    const groupId = await createGroup(db, organizationId, 'Engineers', [first, second, inactive, manual]);
    await mapGroup(db, organizationId, groupId, { workspaceIds: [alpha, beta] });
    // Beta comes to `first` from here as well, and so does a role above the one that is previewed.
    const other = await createGroup(db, organizationId, 'Admins', [first]);
    await mapGroup(db, organizationId, other, { workspaceIds: [beta], role: 'admin' });
    const before = await db.query(sql`SELECT * FROM sync_logs WHERE organization_id = ${organizationId}`);

    const preview = await previewMapping(db, {
      organizationId,
      groupId,
      workspaceIds: [alpha, gamma],
      role: 'developer',
    });

    expect(preview).toMatchObject({ users: 3, grants: 2, revokes: 1, roleChanges: 2, losesLastAdmin: false });
    expect(preview.sample.find((user) => user.userId === first)).toMatchObject({
      workspacesGranted: [{ id: gamma, name: 'Gamma' }],
      workspacesRevoked: [],
      roleBefore: 'admin',
      roleAfter: 'admin',
    });
    expect(preview.sample.find((user) => user.userId === second)).toMatchObject({
      workspacesGranted: [{ id: gamma, name: 'Gamma' }],
      workspacesRevoked: [{ id: beta, name: 'Beta' }],
      roleBefore: 'viewer',
      roleAfter: 'developer',
    });
    expect(await db.query(sql`SELECT * FROM sync_logs WHERE organization_id = ${organizationId}`)).toEqual(before);
    expect((await getGroup(db, organizationId, groupId)).mapping?.workspaceIds).toEqual([alpha, beta].sort());
  });

  test('tells exactly what the worker then does', async () => {
    const organizationId = await createOrganization(db, { defaultRole: 'developer' });
    const workspaces = await Promise.all(['A', 'B', 'C', 'D'].map((name) => createWorkspace(db, organizationId, name)));
    const users = await createUsers(db, organizationId, 30);
    const groups = await Promise.all(
      [0, 1, 2].map((index) =>
        createGroup(
          db,
          organizationId,
          `G${index}`,
          users.filter((_, position) => position % (index + 1) === 0),
        ),
      ),
    );
    const [groupId, ...others] = groups;
    if (groupId === undefined) throw new Error('groups were created');
    await mapGroup(db, organizationId, groupId, { workspaceIds: workspaces.slice(0, 2), role: 'admin' });
    for (const other of others)
      await mapGroup(db, organizationId, other, { workspaceIds: workspaces.slice(1, 3), role: 'viewer' });
    for (const job of await addMembershipJobs(db, organizationId, users)) await workJob(db, job);

    const proposal = { organizationId, groupId, workspaceIds: workspaces.slice(2), role: null };
    const preview = await previewMapping(db, proposal);
    const { jobId } = await save({ ...proposal, confirm: true });
    await workJob(db, { id: jobId, organizationId }, { queue: 'workspace-mapping' });

    await expectNoDrift(db, organizationId);
    const done = (await entries(db, organizationId)).filter(
      (entry) => entry.jobId === jobId && entry.resourceType === 'User',
    );
    const sum = (field: string) => done.reduce((total, entry) => total + (entry.details[field] as unknown[]).length, 0);
    expect(preview).toMatchObject({
      users: done.filter((entry) => entry.status === 'SUCCESS').length,
      grants: sum('workspacesGranted'),
      revokes: sum('workspacesRevoked'),
      roleChanges: done.filter((entry) => entry.details['roleBefore'] !== entry.details['roleAfter']).length,
      losesLastAdmin: true,
    });
    expect(preview.sample).toHaveLength(20);
  });
});

describe('the list of groups', () => {
  test('is in order of the names, in pages, with members counted and mappings', async () => {
    const organizationId = await createOrganization(db);
    const users = await createUsers(db, organizationId, 3);
    const names = ['delta', 'Alpha', 'charlie', 'Bravo', 'alpha', `x${'y'.repeat(400)}`, `x${'y'.repeat(401)}`];
    for (const name of names) await createGroup(db, organizationId, name, users);
    const alpha = await createWorkspace(db, organizationId, 'W');
    const [bravo] = (await listGroups(db, organizationId, { q: 'bRaV', limit: 10 })).items;
    await mapGroup(db, organizationId, bravo?.id ?? '', { workspaceIds: [alpha], role: 'admin' });

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listGroups(db, organizationId, { limit: 2, cursor });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((group) => group.displayName.slice(0, 10).toLowerCase()));
      cursor = page.nextCursor ?? undefined;
      if (cursor !== undefined) expect(cursor).toMatch(/^[\w-]{1,1000}$/);
    } while (cursor !== undefined);

    expect(seen).toEqual(['alpha', 'alpha', 'bravo', 'charlie', 'delta', 'xyyyyyyyyy', 'xyyyyyyyyy']);
    expect((await listGroups(db, organizationId, { q: 'bravo', limit: 10 })).items).toMatchObject([
      {
        displayName: 'Bravo',
        memberCount: 3,
        externalId: null,
        mapping: { workspaceIds: [alpha], role: 'admin', updatedAt: expect.any(Date) as Date },
      },
    ]);
  });

  test.each(['%', '_', '\\', "'"])('takes %s in a search literally', async (q) => {
    const organizationId = await createOrganization(db);
    await createGroup(db, organizationId, 'Engineers');
    await createGroup(db, organizationId, `a${q}b`);
    expect((await listGroups(db, organizationId, { q, limit: 10 })).items.map((group) => group.displayName)).toEqual([
      `a${q}b`,
    ]);
  });

  test.each(['nonsense', 'WyJhIiwiYiJd', ''])('refuses the cursor "%s"', async (cursor) => {
    const organizationId = await createOrganization(db);
    await expect(listGroups(db, organizationId, { limit: 10, cursor })).rejects.toMatchObject({
      code: 'invalid-cursor',
    });
  });
});

test('a member added after the mapping was saved gets its access by the membership job alone', async () => {
  const organizationId = await createOrganization(db);
  const groupId = await createGroup(db, organizationId, 'Engineers');
  await save({
    organizationId,
    groupId,
    workspaceIds: [await createWorkspace(db, organizationId, 'Alpha')],
    role: 'admin',
  });
  const user = await createUser(db, organizationId);
  await addMembers(db, organizationId, groupId, [user]);
  for (const job of await addMembershipJobs(db, organizationId, [user])) await workJob(db, job);
  expect(await grantsOf(db, organizationId, user)).toEqual(['Alpha:directory']);
  expect(await roleOf(db, organizationId, user)).toBe('admin');
});
