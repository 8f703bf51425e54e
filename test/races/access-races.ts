import sql from 'sql-template-tag';
import { expect } from 'vitest';
import { closeGate } from '../../src/jobs/gate.ts';
import { jobRows } from '../access/fixtures.ts';
import { until } from '../queue/harness.ts';
import { holdLock, race, requestLock } from './held-lock.ts';
import type { Race } from './race.ts';
import { usersPerPage } from './stage.ts';
import { addMembers, removeMembers, setActive, type Tenant } from './tenant.ts';

export const accessRaces: Race[] = [
  ...(['job', 'deactivate'] as const).map((first): Race => ({
    id: 'R4',
    title: `deactivated while a job of the user waits for the row, ${first} first: no access`,
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const group = await tenant.mappedGroup('Team', [await tenant.workspace('Web')]);
      const lock = await holdRow('users', user, 'NO KEY UPDATE');
      const add = () => tenant.scim('PATCH', `/Groups/${group}`, addMembers(user));
      const deactivate = () => tenant.scim('PATCH', `/Users/${user}`, setActive(false));
      // The request that adds is answered at once; it is its job that waits.
      const answers = await race(lock, first === 'job' ? [add, deactivate] : [deactivate, add]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 204]);
      expect(await tenant.effectiveAccess(user)).toEqual([]);
    },
  })),
  {
    id: 'R4',
    title: 'deactivated when a job has read the user active and not written yet: no access, and no grant stays',
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const workspace = await tenant.workspace('Web');
      const group = await tenant.mappedGroup('Team', [workspace]);
      // The job computes with a snapshot of now, and stands still where it wants to grant.
      const lock = await holdRow('workspaces', workspace, 'UPDATE');
      const [, deactivated] = await race(lock, [
        () => tenant.scim('PATCH', `/Groups/${group}`, addMembers(user)),
        () => tenant.scim('PATCH', `/Users/${user}`, setActive(false)),
      ]);
      expect(deactivated?.status).toBe(200);
      expect(await tenant.effectiveAccess(user)).toEqual([]);
      await tenant.quiet();
      expect(await grants(tenant.db, tenant.id, user)).toBe(0);
    },
  },
  {
    id: 'R4',
    title: 'two jobs of a user, one that still holds what it computed before the other one came',
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const workspace = await tenant.workspace('Web');
      const group = await tenant.mappedGroup('Team', [workspace]);
      const lock = await holdRow('workspaces', workspace, 'UPDATE');
      await race(lock, [
        () => tenant.scim('PATCH', `/Groups/${group}`, addMembers(user)),
        // Answered at once; its job waits behind the first one.
        () => tenant.scim('PATCH', `/Groups/${group}`, removeMembers(user)),
      ]);
      await tenant.quiet();
      expect(await grants(tenant.db, tenant.id, user)).toBe(0);
    },
  },
  ...(['job', 'delete'] as const).map((first): Race => ({
    id: 'R6',
    title: `deleted while a job of the user waits for the row, ${first} first: nothing of the user is left`,
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const group = await tenant.mappedGroup('Team', [await tenant.workspace('Web')]);
      const lock = await holdRow('users', user, 'NO KEY UPDATE');
      const add = () => tenant.scim('PATCH', `/Groups/${group}`, addMembers(user));
      const remove = () => tenant.scim('DELETE', `/Users/${user}`);
      // Once somebody waits to delete the user, nobody can add it anywhere; then it is the job of a resync that waits.
      if (first === 'job') {
        const answers = await race(lock, [add, remove]);
        expect(answers.map(({ status }) => status)).toEqual([204, 204]);
      } else {
        const answers = await race(lock, [remove, () => tenant.admin('POST', '/resync')]);
        expect(answers.map(({ status }) => status)).toEqual([204, 202]);
      }
      await tenant.quiet();
      expect(await leftOf(tenant.db, tenant.id, user)).toBe(0);
      expect(await tenant.members(group)).toEqual([]);
    },
  })),
  {
    id: 'R6',
    title: 'deleted when a job is about to grant: nothing of the user is left',
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const workspace = await tenant.workspace('Web');
      const group = await tenant.mappedGroup('Team', [workspace]);
      const lock = await holdRow('workspaces', workspace, 'UPDATE');
      const [, deleted] = await race(lock, [
        () => tenant.scim('PATCH', `/Groups/${group}`, addMembers(user)),
        () => tenant.scim('DELETE', `/Users/${user}`),
      ]);
      expect(deleted?.status).toBe(204);
      await tenant.quiet();
      expect(await leftOf(tenant.db, tenant.id, user)).toBe(0);
    },
  },
  ...(['save', 'delete'] as const).map((first): Race => ({
    id: 'R7',
    title:
      first === 'save'
        ? 'a group is deleted just after its mapping was saved: the mapping goes too, former members lose access'
        : 'a group is deleted just before its mapping is saved: the save is answered 404',
    async run({ stage, tenant }) {
      const [user = ''] = await tenant.users(1);
      const [web, api] = [await tenant.workspace('Web'), await tenant.workspace('Api')];
      const group = await tenant.mappedGroup('Team', [web], [user]);
      expect(await tenant.effectiveAccess(user)).toEqual(['Web']);
      const lock = await holdLock(
        stage.sessions,
        sql`SELECT FROM group_mappings WHERE organization_id = ${tenant.id} AND group_id = ${group} FOR UPDATE`,
      );
      const save = () => tenant.admin('PUT', `/groups/${group}/mapping`, { workspaceIds: [web, api], role: 'admin' });
      const remove = () => tenant.scim('DELETE', `/Groups/${group}`);
      const answers = await race(lock, first === 'save' ? [save, remove] : [remove, save]);
      expect(answers.map(({ status }) => status)).toEqual(first === 'save' ? [202, 204] : [204, 404]);
      await tenant.quiet();
      expect(await mappingRows(tenant.db, tenant.id, group)).toBe(0);
      expect(await tenant.effectiveAccess(user)).toEqual([]);
    },
  })),
  ...(['save', 'delete'] as const).map((first): Race => ({
    id: 'R7',
    title: `the first mapping of a group and its deletion, ${first} first: nobody keeps access`,
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const web = await tenant.workspace('Web');
      const created = await tenant.scim('POST', '/Groups', { displayName: 'New', members: [{ value: user }] });
      const group = String(created.body['id']);
      await tenant.quiet();
      const lock = await holdRow('groups', group, 'UPDATE');
      const save = () => tenant.admin('PUT', `/groups/${group}/mapping`, { workspaceIds: [web], role: 'developer' });
      const remove = () => tenant.scim('DELETE', `/Groups/${group}`);
      const answers = await race(lock, first === 'save' ? [save, remove] : [remove, save]);
      expect(answers.map(({ status }) => status)).toEqual(first === 'save' ? [202, 204] : [204, 404]);
      await tenant.quiet();
      expect(await leftOf(tenant.db, tenant.id, user)).toBe(0);
    },
  })),
  {
    id: 'R7',
    title: 'a group is deleted while its first mapping is being applied: those who have just got access lose it',
    async run({ stage, tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const web = await tenant.workspace('Web');
      const created = await tenant.scim('POST', '/Groups', { displayName: 'New', members: [{ value: user }] });
      const group = String(created.body['id']);
      await tenant.quiet();
      const groupRow = await holdRow('groups', group, 'UPDATE');
      // Keeps the deletion from its end until the walk of the mapping has granted.
      const membership = await holdLock(
        stage.sessions,
        sql`SELECT FROM group_members WHERE organization_id = ${tenant.id} AND group_id = ${group} FOR UPDATE`,
      );
      try {
        const save = tenant.admin('PUT', `/groups/${group}/mapping`, { workspaceIds: [web], role: 'developer' });
        await groupRow.untilWaiting(1);
        const remove = tenant.scim('DELETE', `/Groups/${group}`);
        await groupRow.untilWaiting(2);
        await groupRow.release();
        expect((await save).status).toBe(202);
        await membership.untilWaiting(1);
        await until(async () => (await tenant.effectiveAccess(user)).length === 1);
        await membership.release();
        expect((await remove).status).toBe(204);
      } finally {
        await groupRow.release();
        await membership.release();
      }
      await tenant.quiet();
      expect(await leftOf(tenant.db, tenant.id, user)).toBe(0);
    },
  },
  {
    id: 'R8',
    title: 'a mapping that changes twice between two pages of its walk, one who joins and one who leaves behind it',
    async run({ stage, tenant, holdRow }) {
      const users = (await tenant.users(2 * usersPerPage + 1)).toSorted();
      const [web, api, docs] = [
        await tenant.workspace('Web'),
        await tenant.workspace('Api'),
        await tenant.workspace('Docs'),
      ];
      const [joiner = '', ...others] = users;
      const [leaver = ''] = others;
      const group = await tenant.mappedGroup('Team', [web], others);
      const mapping = (workspaceIds: string[]) =>
        tenant.admin('PUT', `/groups/${group}/mapping`, { workspaceIds, role: null });

      // The walk stands in its first page; whoever wants the gate for himself gets it before the second one.
      const firstPage = await holdRow('users', leaver, 'NO KEY UPDATE');
      const walk = await mapping([api]);
      await firstPage.untilWaiting(1);
      const gate = await requestLock(stage.sessions, sql`SELECT ${closeGate(tenant.id)}`);
      await firstPage.untilWaiting(2);
      await firstPage.release();
      await gate.held;
      try {
        const jobId = String(walk.body['jobId']);
        const row = (await jobRows(tenant.db, tenant.id)).find(({ id }) => id === jobId);
        expect(row?.progress?.done).toBe(usersPerPage);
        await mapping([web, docs]);
        await tenant.scim('PATCH', `/Groups/${group}`, removeMembers(leaver));
        await tenant.scim('PATCH', `/Groups/${group}`, addMembers(joiner));
        await mapping([docs]);
        // At the gate: the walk, the first of the later walks (a process works two at a time), and both members' jobs.
        await gate.untilWaiting(4);
      } finally {
        await gate.release();
      }
      await tenant.quiet();
      expect(await tenant.effectiveAccess(leaver)).toEqual([]);
      for (const member of [joiner, ...others.slice(1)]) expect(await tenant.effectiveAccess(member)).toEqual(['Docs']);
    },
  },
  {
    id: 'R9',
    title: 'a change while a job of the same user waits for the row: the final state shows it',
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const first = await tenant.mappedGroup('First', [await tenant.workspace('Web')]);
      const second = await tenant.mappedGroup('Second', [await tenant.workspace('Api')]);
      await race(await holdRow('users', user, 'NO KEY UPDATE'), [
        () => tenant.scim('PATCH', `/Groups/${first}`, addMembers(user)),
        () => tenant.scim('PATCH', `/Groups/${second}`, addMembers(user)),
      ]);
      await tenant.quiet();
      expect(await tenant.effectiveAccess(user)).toEqual(['Api', 'Web']);
    },
  },
  {
    id: 'R9',
    title: 'a change after a job of the same user has computed and before it writes: the final state shows it',
    async run({ tenant, holdRow }) {
      const [user = ''] = await tenant.users(1);
      const [web, api] = [await tenant.workspace('Web'), await tenant.workspace('Api')];
      const first = await tenant.mappedGroup('First', [web]);
      const second = await tenant.mappedGroup('Second', [api]);
      await race(await holdRow('workspaces', web, 'UPDATE'), [
        () => tenant.scim('PATCH', `/Groups/${first}`, addMembers(user)),
        () => tenant.scim('PATCH', `/Groups/${second}`, addMembers(user)),
      ]);
      await tenant.quiet();
      expect(await tenant.effectiveAccess(user)).toEqual(['Api', 'Web']);
    },
  },
];

type Db = Tenant['db'];

async function grants(db: Db, organizationId: string, userId: string): Promise<number> {
  const rows = await db.query(sql`
    SELECT FROM workspace_members WHERE organization_id = ${organizationId} AND user_id = ${userId}`);
  return rows.length;
}

/** Memberships in groups that are there, and grants. */
async function leftOf(db: Db, organizationId: string, userId: string): Promise<number> {
  const rows = await db.query(sql`
    SELECT FROM group_members WHERE organization_id = ${organizationId} AND user_id = ${userId}`);
  return rows.length + (await grants(db, organizationId, userId));
}

async function mappingRows(db: Db, organizationId: string, groupId: string): Promise<number> {
  const rows = await db.query(sql`
    SELECT FROM group_mappings WHERE organization_id = ${organizationId} AND group_id = ${groupId}
    UNION ALL
    SELECT FROM group_mapping_workspaces WHERE organization_id = ${organizationId} AND group_id = ${groupId}`);
  return rows.length;
}
