import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { saveMapping } from '../../src/access/mappings.ts';
import { requestResync } from '../../src/access/resync.ts';
import { addJob } from '../../src/jobs/add.ts';
import {
  addMembershipJobs,
  cause,
  createGroup,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  entries,
  jobRows,
  mapGroup,
  removeMembers,
  workJob,
} from '../access/fixtures.ts';
import { expectNoDrift } from '../support/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** A group of so many members with a mapping just saved, and the job that it brought. */
async function mappedGroup(members: number) {
  const organizationId = await createOrganization(db);
  const workspace = await createWorkspace(db, organizationId, 'Alpha');
  const users = await createUsers(db, organizationId, members);
  const groupId = await createGroup(db, organizationId, 'Everybody', users);
  const mapping = { organizationId, groupId, workspaceIds: [workspace], role: 'developer' as const };
  const { jobId } = await saveMapping(db, { ...mapping, confirm: false, cause });
  return { organizationId, groupId, users, mapping, workspace, job: { id: jobId, organizationId } };
}

test('walks more members than fit one page, and ends with one entry of totals beside one per user', async () => {
  const { organizationId, users, job } = await mappedGroup(1_203);
  expect(await workJob(db, job, { queue: 'workspace-mapping' })).toBe('applied');
  await expectNoDrift(db, organizationId);
  expect(await jobRows(db, organizationId)).toEqual([]);
  const log = (await entries(db, organizationId)).filter((entry) => entry.action === 'SYNC_ACCESS');
  expect(log.filter((entry) => entry.resourceType === 'User')).toHaveLength(users.length);
  expect(log.filter((entry) => entry.resourceType !== 'User')).toMatchObject([
    {
      status: 'SUCCESS',
      resourceType: 'GroupMapping',
      message: 'Members of Everybody: 1203 checked, access of 1203 changed.',
      details: { usersChecked: 1_203, usersChanged: 1_203 },
    },
  ]);
});

test('stops after a page when told to, and another worker goes on from there', async () => {
  const { organizationId, users, job } = await mappedGroup(25);
  const options = { queue: 'workspace-mapping', usersPerPage: 10 };
  expect(await workJob(db, job, { ...options, shouldStop: () => true })).toBe('interrupted');
  expect(await jobRows(db, organizationId)).toMatchObject([
    { payload: { afterUserId: users[9] }, progress: { done: 10, total: 25, changed: 10 } },
  ]);

  expect(await workJob(db, job, options)).toBe('applied');

  await expectNoDrift(db, organizationId);
  const log = (await entries(db, organizationId)).filter((entry) => entry.action === 'SYNC_ACCESS');
  expect(log).toHaveLength(users.length + 1);
  expect(log.at(-1)?.details).toEqual({ usersChecked: 25, usersChanged: 25 });
});

test('delivered twice at the same time walks once', async () => {
  const { organizationId, users, job } = await mappedGroup(40);
  const options = { queue: 'workspace-mapping', usersPerPage: 3 };
  const results = await Promise.all([workJob(db, job, options), workJob(db, job, options), workJob(db, job, options)]);
  expect(results.toSorted()).toEqual(['already-done', 'already-done', 'applied']);
  await expectNoDrift(db, organizationId);
  const log = (await entries(db, organizationId)).filter((entry) => entry.action === 'SYNC_ACCESS');
  expect(log).toHaveLength(users.length + 1);
});

test('a group that is deleted meanwhile ends the walk', async () => {
  const { organizationId, groupId, job } = await mappedGroup(15);
  const options = { queue: 'workspace-mapping', usersPerPage: 10 };
  await workJob(db, job, { ...options, shouldStop: () => true });
  await db.query(sql`DELETE FROM groups WHERE organization_id = ${organizationId} AND id = ${groupId}`);
  expect(await workJob(db, job, options)).toBe('applied');
  expect(await jobRows(db, organizationId)).toEqual([]);
  expect((await entries(db, organizationId)).at(-1)?.message).toContain('The group has been deleted in the meantime');
});

test('directory sync that stops between two pages ends the walk as SKIPPED; what was applied stays', async () => {
  const { organizationId, job } = await mappedGroup(15);
  const options = { queue: 'workspace-mapping', usersPerPage: 10 };
  await workJob(db, job, { ...options, shouldStop: () => true });
  await db.query(sql`UPDATE organizations SET provisioning_mode = 'jit' WHERE id = ${organizationId}`);
  expect(await workJob(db, job, options)).toBe('skipped');
  expect((await entries(db, organizationId)).at(-1)).toMatchObject({ status: 'SKIPPED', resourceType: 'Job' });
  expect(await db.query(sql`SELECT FROM workspace_members WHERE organization_id = ${organizationId}`)).toHaveLength(10);
});

describe('a resync', () => {
  test('repairs every kind of drift of directory users and leaves the others alone', async () => {
    const { organizationId, users, workspace, job } = await mappedGroup(12);
    await workJob(db, job, { queue: 'workspace-mapping' });
    const manual = await createUser(db, organizationId, { managedBy: 'manual', role: 'viewer' });
    const [noGrant, wrongRole] = users;
    await db.query(
      sql`DELETE FROM workspace_members WHERE organization_id = ${organizationId} AND user_id = ${noGrant}`,
    );
    await db.query(
      sql`UPDATE users SET role = 'admin' WHERE organization_id = ${organizationId} AND id = ${wrongRole}`,
    );
    const loner = await createUser(db, organizationId);
    await db.query(sql`
      INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      VALUES (${organizationId}, ${workspace}, ${loner}, 'directory'), (${organizationId}, ${workspace}, ${manual}, 'manual')`);

    const { jobId } = await requestResync(db, organizationId, cause);
    expect(await workJob(db, { id: jobId, organizationId }, { queue: 'workspace-mapping', usersPerPage: 5 })).toBe(
      'applied',
    );

    await expectNoDrift(db, organizationId);
    const log = (await entries(db, organizationId)).filter((entry) => entry.jobId === jobId);
    expect(log.find((entry) => entry.action === 'RESYNC')).toMatchObject({
      status: 'SUCCESS',
      resourceType: 'Organization',
    });
    expect(log.at(-1)).toMatchObject({
      resourceType: 'Organization',
      message: 'Users of the directory (A resync was requested): 13 checked, access of 3 changed.',
    });
  });

  test('that looks for drift logs what it repaired, and nothing when there is nothing', async () => {
    const { organizationId, users, job } = await mappedGroup(6);
    await workJob(db, job, { queue: 'workspace-mapping' });
    const lookForDrift = async () => {
      const id = await addJob(db, {
        organizationId,
        requestId: null,
        queue: 'workspace-mapping',
        payload: { scope: 'organization', reason: 'Periodic check.', onlyDrift: true },
      });
      expect(await workJob(db, { id, organizationId }, { queue: 'workspace-mapping' })).toBe('applied');
      return (await entries(db, organizationId)).filter((entry) => entry.jobId === id);
    };
    expect(await lookForDrift()).toEqual([]);
    await db.query(sql`
      DELETE FROM workspace_members WHERE organization_id = ${organizationId} AND user_id = ${users[2]}`);
    expect((await lookForDrift()).map((entry) => [entry.resourceId, entry.status])).toEqual([
      [users[2], 'SUCCESS'],
      [organizationId, 'SUCCESS'],
    ]);
    await expectNoDrift(db, organizationId);
  });

  test('of an unknown organization is refused', async () => {
    await expect(requestResync(db, '01890000-0000-7000-8000-000000000000', cause)).rejects.toMatchObject({
      kind: 'not-found',
    });
    await expect(requestResync(db, 'nonsense', cause)).rejects.toMatchObject({ kind: 'not-found' });
  });
});

test('a mapping that is saved over a group with more members than one job holds, with other workers at the members', async () => {
  const { organizationId, groupId, users, job } = await mappedGroup(600);
  await mapGroup(db, organizationId, await createGroup(db, organizationId, 'Other', users.slice(0, 550)), {
    workspaceIds: [await createWorkspace(db, organizationId, 'Beta')],
  });
  await removeMembers(db, organizationId, groupId, users.slice(500));
  const membershipJobs = await addMembershipJobs(db, organizationId, users);
  expect(membershipJobs).toHaveLength(2);
  await Promise.all([
    workJob(db, job, { queue: 'workspace-mapping', usersPerPage: 50 }),
    ...membershipJobs.flatMap((membershipJob) => [workJob(db, membershipJob), workJob(db, membershipJob)]),
  ]);
  await expectNoDrift(db, organizationId);
});
