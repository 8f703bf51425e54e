import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainAccess } from '../../src/access/explain.ts';
import { grantManually, revokeManually } from '../../src/access/grants.ts';
import { newId } from '../../src/platform/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  addMembershipJobs,
  cause,
  createGroup,
  createOrganization,
  createUser,
  createWorkspace,
  entries,
  grantsOf,
  mapGroup,
  removeMembers,
  workJob,
} from './fixtures.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function reconciled(organizationId: string, user: string): Promise<void> {
  for (const job of await addMembershipJobs(db, organizationId, [user])) await workJob(db, job);
}

describe('the explanation of access', () => {
  test('names for each workspace and for the role the groups that give it', async () => {
    const organization = await createOrganization(db);
    const [alpha, beta] = [
      await createWorkspace(db, organization, 'Alpha'),
      await createWorkspace(db, organization, 'Beta'),
    ];
    const user = await createUser(db, organization);
    const one = await createGroup(db, organization, 'One', [user]);
    const two = await createGroup(db, organization, 'Two', [user]);
    await mapGroup(db, organization, one, { workspaceIds: [alpha], role: 'admin' });
    await mapGroup(db, organization, two, { workspaceIds: [alpha, beta], role: 'viewer' });
    await reconciled(organization, user);
    await grantManually(db, { organizationId: organization, workspaceId: alpha, userId: user, cause });

    expect(await explainAccess(db, organization, user)).toEqual({
      active: true,
      role: 'admin',
      roleBecause: [{ type: 'group', groupId: one, groupName: 'One', role: 'admin' }],
      roleLost: [
        { type: 'group', groupId: two, groupName: 'Two', role: 'viewer' },
        { type: 'connection-role', role: 'viewer' },
      ],
      workspaces: [
        {
          workspaceId: alpha,
          name: 'Alpha',
          origin: 'directory',
          because: [
            { type: 'group', groupId: one, groupName: 'One' },
            { type: 'group', groupId: two, groupName: 'Two' },
          ],
        },
        { workspaceId: alpha, name: 'Alpha', origin: 'manual', because: [{ type: 'manual' }] },
        {
          workspaceId: beta,
          name: 'Beta',
          origin: 'directory',
          because: [{ type: 'group', groupId: two, groupName: 'Two' }],
        },
      ],
    });
  });

  test('names the connection role where no group sets one', async () => {
    const organization = await createOrganization(db, { defaultRole: 'developer' });
    const user = await createUser(db, organization);
    await mapGroup(db, organization, await createGroup(db, organization, 'One', [user]), {});
    await reconciled(organization, user);
    expect(await explainAccess(db, organization, user)).toEqual({
      active: true,
      role: 'developer',
      roleBecause: [{ type: 'connection-role', role: 'developer' }],
      roleLost: [],
      workspaces: [],
    });
  });

  test('says so while a change is being applied', async () => {
    const organization = await createOrganization(db);
    const alpha = await createWorkspace(db, organization, 'Alpha');
    const user = await createUser(db, organization);
    const group = await createGroup(db, organization, 'One', [user]);
    await mapGroup(db, organization, group, { workspaceIds: [alpha], role: 'admin' });
    expect(await explainAccess(db, organization, user)).toMatchObject({
      role: null,
      roleBecause: [{ type: 'not-yet-computed' }],
    });
    await reconciled(organization, user);
    await removeMembers(db, organization, group, [user]);
    expect(await explainAccess(db, organization, user)).toMatchObject({
      role: 'admin',
      roleBecause: [{ type: 'not-yet-computed' }],
      workspaces: [{ workspaceId: alpha, because: [] }],
    });
  });

  test('shows no access of an inactive user, whatever is still granted', async () => {
    const organization = await createOrganization(db);
    const alpha = await createWorkspace(db, organization, 'Alpha');
    const user = await createUser(db, organization);
    await mapGroup(db, organization, await createGroup(db, organization, 'One', [user]), {
      workspaceIds: [alpha],
      role: 'admin',
    });
    await reconciled(organization, user);
    await db.query(sql`UPDATE users SET active = false WHERE id = ${user}`);
    expect(await explainAccess(db, organization, user)).toEqual({
      active: false,
      role: null,
      roleBecause: [{ type: 'inactive' }],
      roleLost: [],
      workspaces: [],
    });
  });

  test('tells that a role was not given by the directory', async () => {
    const organization = await createOrganization(db);
    const user = await createUser(db, organization, { managedBy: 'manual', role: 'admin' });
    expect(await explainAccess(db, organization, user)).toMatchObject({
      role: 'admin',
      roleBecause: [{ type: 'manual', role: 'admin' }],
    });
  });

  test('of an unknown user, or one of another organization, is not found', async () => {
    const [ours, theirs] = [await createOrganization(db), await createOrganization(db)];
    for (const id of [newId(), 'nobody', await createUser(db, theirs)]) {
      await expect(explainAccess(db, ours, id)).rejects.toMatchObject({ code: 'user-not-found' });
    }
  });
});

describe('access by hand', () => {
  test('is granted and revoked, each once, with SKIPPED for a repetition', async () => {
    const organizationId = await createOrganization(db);
    const workspaceId = await createWorkspace(db, organizationId, 'Alpha');
    const userId = await createUser(db, organizationId);
    const grant = { organizationId, workspaceId, userId, cause };
    await grantManually(db, grant);
    await grantManually(db, grant);
    expect(await grantsOf(db, organizationId, userId)).toEqual(['Alpha:manual']);
    await revokeManually(db, grant);
    await revokeManually(db, grant);
    expect(await grantsOf(db, organizationId, userId)).toEqual([]);
    expect((await entries(db, organizationId)).map((entry) => `${entry.action} ${entry.status}`)).toEqual([
      'GRANT_ACCESS SUCCESS',
      'GRANT_ACCESS SKIPPED',
      'REVOKE_ACCESS SUCCESS',
      'REVOKE_ACCESS SKIPPED',
    ]);
  });

  test('that is revoked leaves what the directory grants', async () => {
    const organizationId = await createOrganization(db);
    const workspaceId = await createWorkspace(db, organizationId, 'Alpha');
    const userId = await createUser(db, organizationId);
    await mapGroup(db, organizationId, await createGroup(db, organizationId, 'One', [userId]), {
      workspaceIds: [workspaceId],
    });
    await reconciled(organizationId, userId);
    await grantManually(db, { organizationId, workspaceId, userId, cause });
    await revokeManually(db, { organizationId, workspaceId, userId, cause });
    expect(await grantsOf(db, organizationId, userId)).toEqual(['Alpha:directory']);
  });

  test.each([grantManually, revokeManually])('%o of or to what is not there is not found', async (change) => {
    const [organizationId, theirs] = [await createOrganization(db), await createOrganization(db)];
    const workspaceId = await createWorkspace(db, organizationId, 'Alpha');
    const userId = await createUser(db, organizationId);
    for (const wrong of [newId(), 'nothing', await createUser(db, theirs)]) {
      await expect(change(db, { organizationId, workspaceId, userId: wrong, cause })).rejects.toMatchObject({
        code: 'user-not-found',
      });
    }
    for (const wrong of [newId(), 'nothing', await createWorkspace(db, theirs, 'Theirs')]) {
      await expect(change(db, { organizationId, workspaceId: wrong, userId, cause })).rejects.toMatchObject({
        code: 'workspace-not-found',
      });
    }
    expect(await entries(db, organizationId)).toEqual([]);
  });
});
