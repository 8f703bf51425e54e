import sql from 'sql-template-tag';
import { expect } from 'vitest';
import { waitForBlocked } from '../access/fixtures.ts';
import { holdLock, race } from './held-lock.ts';
import type { Race, Scene } from './race.ts';
import { addMembers, patch, removeMembers, setActive, Tenant, type TenantAnswer } from './tenant.ts';

const statuses = (answers: readonly TenantAnswer[]): number[] => answers.map(({ status }) => status);

/** Two requests that meet at the row of one group; the first of them arrives first. */
async function meetAtGroup(
  { holdRow }: Scene,
  group: string,
  requests: readonly (() => Promise<TenantAnswer>)[],
): Promise<TenantAnswer[]> {
  return race(await holdRow('groups', group, 'UPDATE'), requests);
}

async function group(tenant: Tenant, members: string[] = []): Promise<string> {
  const workspace = await tenant.workspace('Web');
  return tenant.mappedGroup('Team', [workspace], members);
}

const push = (tenant: Tenant, id: string, members: string[]) => (): Promise<TenantAnswer> =>
  tenant.scim('PUT', `/Groups/${id}`, { displayName: 'Team', members: members.map((value) => ({ value })) });

const swap = (tenant: Tenant, id: string, out: string, into: string) => (): Promise<TenantAnswer> =>
  tenant.scim(
    'PATCH',
    `/Groups/${id}`,
    patch(
      { op: 'remove', path: `members[value eq "${out}"]` },
      { op: 'add', path: 'members', value: [{ value: into }] },
    ),
  );

export const directoryRaces: Race[] = [
  {
    id: 'R1',
    title: 'two adds to one group by two processes: both members are there, and both have access',
    async run(scene) {
      const { tenant } = scene;
      const [a = '', b = ''] = await tenant.users(2);
      const id = await group(tenant);
      const answers = await meetAtGroup(scene, id, [
        () => tenant.scim('PATCH', `/Groups/${id}`, addMembers(a)),
        () => tenant.scimElsewhere('PATCH', `/Groups/${id}`, addMembers(b)),
      ]);
      expect(statuses(answers)).toEqual([204, 204]);
      expect(await tenant.members(id)).toEqual([a, b].toSorted());
      await tenant.quiet();
      expect([await tenant.effectiveAccess(a), await tenant.effectiveAccess(b)]).toEqual([['Web'], ['Web']]);
    },
  },
  {
    id: 'R2',
    title: 'the same members in opposite order into one group, held up at the first of them',
    async run({ tenant, holdRow }) {
      const [a = '', b = ''] = await tenant.users(2);
      const id = await group(tenant);
      const answers = await race(await holdRow('users', a, 'UPDATE'), [
        () => tenant.scim('PATCH', `/Groups/${id}`, addMembers(a, b)),
        () => tenant.scimElsewhere('PATCH', `/Groups/${id}`, addMembers(b, a)),
      ]);
      expect(statuses(answers)).toEqual([204, 204]);
      expect(await tenant.members(id)).toEqual([a, b].toSorted());
    },
  },
  {
    id: 'R2',
    title: 'the same members in opposite order into two groups',
    async run({ tenant, holdRow }) {
      const [a = '', b = ''] = await tenant.users(2);
      const groups = [await group(tenant), await tenant.mappedGroup('Other', [])];
      const answers = await race(await holdRow('users', a, 'UPDATE'), [
        () => tenant.scim('PATCH', `/Groups/${groups[0] ?? ''}`, addMembers(a, b)),
        () => tenant.scim('PATCH', `/Groups/${groups[1] ?? ''}`, addMembers(b, a)),
      ]);
      expect(statuses(answers)).toEqual([204, 204]);
      for (const id of groups) expect(await tenant.members(id)).toEqual([a, b].toSorted());
    },
  },
  ...(['add', 'remove'] as const).map((first): Race => ({
    id: 'R2',
    title: `the same members added and removed in opposite order, ${first} first: the later one holds`,
    async run(scene) {
      const { tenant } = scene;
      const [a = '', b = ''] = await tenant.users(2);
      const id = await group(tenant, [a, b]);
      const add = () => tenant.scim('PATCH', `/Groups/${id}`, addMembers(a, b));
      const remove = () => tenant.scim('PATCH', `/Groups/${id}`, removeMembers(b, a));
      const answers = await meetAtGroup(scene, id, first === 'add' ? [add, remove] : [remove, add]);
      expect(statuses(answers)).toEqual([204, 204]);
      expect(await tenant.members(id)).toEqual(first === 'add' ? [] : [a, b].toSorted());
    },
  })),
  {
    id: 'R2',
    title: 'two members renamed who came into the same two groups in opposite order: no deadlock',
    async run({ stage, tenant, holdRow }) {
      const [a = '', b = ''] = await tenant.users(2);
      const [one, two] = [await tenant.mappedGroup('One', []), await tenant.mappedGroup('Two', [])];
      for (const [id, member] of [
        [one, a],
        [two, b],
        [two, a],
        [one, b],
      ] as const) {
        await tenant.scim('PATCH', `/Groups/${id}`, addMembers(member));
      }
      const rename = (id: string) =>
        tenant.scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'userName', value: `${id}@new.example` }));
      const before = await stage.deadlocks();
      // Whoever takes the groups in another order than the other one stands at the second lock when the first goes.
      const [first, second] = [await holdRow('groups', one, 'UPDATE'), await holdRow('groups', two, 'UPDATE')];
      const answers = [rename(a), rename(b)];
      try {
        await waitForBlocked(tenant.db, 2);
        await first.release();
        await second.untilWaiting(2);
      } finally {
        await first.release();
        await second.release();
      }
      expect(statuses(await Promise.all(answers))).toEqual([200, 200]);
      expect(await stage.deadlocks()).toBe(before);
    },
  },
  ...(['PUT', 'PATCH'] as const).map((first): Race => ({
    id: 'R3',
    title: `a full push beside an add, ${first} first: as if one had come after the other`,
    async run(scene) {
      const { tenant } = scene;
      const [a = '', b = '', c = ''] = await tenant.users(3);
      const id = await group(tenant, [a]);
      const put = push(tenant, id, [b]);
      const add = () => tenant.scim('PATCH', `/Groups/${id}`, addMembers(c));
      const answers = await meetAtGroup(scene, id, first === 'PUT' ? [put, add] : [add, put]);
      expect(statuses(answers)).toEqual(first === 'PUT' ? [200, 204] : [204, 200]);
      expect(await tenant.members(id)).toEqual(first === 'PUT' ? [b, c].toSorted() : [b]);
    },
  })),
  {
    id: 'R3',
    title: 'two full pushes of different members: the later one holds, never a mixture',
    async run(scene) {
      const { tenant } = scene;
      const [a = '', b = '', c = '', d = ''] = await tenant.users(4);
      const id = await group(tenant, [a]);
      const answers = await meetAtGroup(scene, id, [push(tenant, id, [a, b]), push(tenant, id, [c, d])]);
      expect(statuses(answers)).toEqual([200, 200]);
      expect(await tenant.members(id)).toEqual([c, d].toSorted());
    },
  },
  {
    id: 'R3',
    title: 'two swaps in opposite direction: the later one holds',
    async run(scene) {
      const { tenant } = scene;
      const [a = '', b = ''] = await tenant.users(2);
      const id = await group(tenant, [b]);
      const answers = await meetAtGroup(scene, id, [swap(tenant, id, b, a), swap(tenant, id, a, b)]);
      expect(statuses(answers)).toEqual([204, 204]);
      expect(await tenant.members(id)).toEqual([b]);
    },
  },
  ...(['deactivate', 'add'] as const).map((first): Race => ({
    id: 'R5',
    title: `deactivated while added to a group, ${first} first, then reactivated: access as the groups say now`,
    async run({ tenant, holdRow }) {
      const [a = ''] = await tenant.users(1);
      const id = await group(tenant);
      const lock = await holdRow('users', a, 'UPDATE');
      const deactivate = () => tenant.scim('PATCH', `/Users/${a}`, setActive(false));
      const add = () => tenant.scim('PATCH', `/Groups/${id}`, addMembers(a));
      const answers = await race(lock, first === 'add' ? [add, deactivate] : [deactivate, add]);
      expect(statuses(answers).toSorted()).toEqual([200, 204]);
      expect(await tenant.effectiveAccess(a)).toEqual([]);
      // Reactivated before or after the jobs of the two have run.
      if (first === 'add') await tenant.quiet();
      expect((await tenant.scim('PATCH', `/Users/${a}`, setActive(true))).status).toBe(200);
      expect(await tenant.members(id)).toEqual([a]);
      await tenant.quiet();
      expect(await tenant.effectiveAccess(a)).toEqual(['Web']);
    },
  })),
  {
    id: 'R10',
    title: 'the same POST twice: one is created, the other one is told that the name is taken',
    async run({ stage, tenant }) {
      const userName = `twin@${tenant.id}.example`;
      const post = () => tenant.scim('POST', '/Users', { userName });
      const lock = await holdLock(stage.sessions, insertUser(tenant, userName));
      const answers = await race(lock, [post, post]);
      expect(statuses(answers).toSorted()).toEqual([201, 409]);
      expect(await countUsers(tenant, userName)).toBe(1);
    },
  },
  {
    id: 'R10',
    title: 'the same address from two organizations: one is created, the other one is told that it is taken',
    async run({ stage, tenant }) {
      const other = await Tenant.create(stage);
      const userName = `contested@${tenant.id}.example`;
      const lock = await holdLock(stage.sessions, insertUser(tenant, userName));
      const answers = await race(lock, [
        () => tenant.scim('POST', '/Users', { userName }),
        () => other.scim('POST', '/Users', { userName }),
      ]);
      expect(statuses(answers).toSorted()).toEqual([201, 409]);
      expect((await countUsers(tenant, userName)) + (await countUsers(other, userName))).toBe(1);
      await other.settle();
    },
  },
  {
    id: 'R11',
    title: 'two changes of the version of a user that both have read: the later one is answered 412',
    async run({ tenant, holdRow }) {
      const [a = ''] = await tenant.users(1);
      const change = (title: string) => () =>
        tenant.scim('PATCH', `/Users/${a}`, patch({ op: 'replace', path: 'title', value: title }), {
          'if-match': 'W/"1"',
        });
      const answers = await race(await holdRow('users', a, 'NO KEY UPDATE'), [change('first'), change('second')]);
      expect(statuses(answers)).toEqual([200, 412]);
      expect((await tenant.scim('GET', `/Users/${a}`)).body['title']).toBe('first');
    },
  },
  {
    id: 'R11',
    title: 'two changes of the version of a group that both have read: the later one is answered 412',
    async run(scene) {
      const { tenant } = scene;
      const [a = '', b = ''] = await tenant.users(2);
      const id = await group(tenant);
      const add = (member: string) => () =>
        tenant.scim('PATCH', `/Groups/${id}`, addMembers(member), { 'if-match': 'W/"1"' });
      const answers = await meetAtGroup(scene, id, [add(a), add(b)]);
      expect(statuses(answers)).toEqual([204, 412]);
      expect(await tenant.members(id)).toEqual([a]);
    },
  },
  {
    id: 'R11',
    title: 'a deletion of a version that is just being changed is answered 412',
    async run({ tenant, holdRow }) {
      const [a = ''] = await tenant.users(1);
      const answers = await race(await holdRow('users', a, 'UPDATE'), [
        () => tenant.scim('PATCH', `/Users/${a}`, patch({ op: 'replace', path: 'title', value: 'new' })),
        () => tenant.scim('DELETE', `/Users/${a}`, undefined, { 'if-match': 'W/"1"' }),
      ]);
      expect(statuses(answers)).toEqual([200, 412]);
      expect((await tenant.scim('GET', `/Users/${a}`)).status).toBe(200);
    },
  },
];

/** A row that stands in the way of the same name and address until it is rolled back. */
function insertUser(tenant: Tenant, userName: string) {
  return sql`
    INSERT INTO users (organization_id, id, managed_by, user_name, email)
    VALUES (${tenant.id}, new_id(), 'directory', ${userName}, ${userName})`;
}

async function countUsers(tenant: Tenant, userName: string): Promise<number> {
  const rows = await tenant.db.query(sql`
    SELECT FROM users WHERE organization_id = ${tenant.id} AND user_name = ${userName}`);
  return rows.length;
}
