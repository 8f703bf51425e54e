import fc from 'fast-check';
import { newId } from '../../../src/platform/ids.ts';
import { addMembers, patch, removeMembers, setActive, type Tenant } from '../tenant.ts';
import { command, succeeded, type WorldCommand } from './command.ts';
import { active, mayBeGone, member, nameOf, type World } from './world.ts';

export const placeOf = { user: fc.nat(3), group: fc.nat(3), workspace: fc.nat(2) };
const somePlaces = fc.uniqueArray(placeOf.user, { minLength: 1, maxLength: 4 });

const address = (tenant: Tenant, name: string): string => `${name}@${tenant.id}.example`;

function* membersAre(world: World, groupId: string, memberIds: readonly string[]) {
  const group = world.groups.find(({ id }) => id === groupId);
  if (group === undefined) return;
  const inside = new Set(memberIds);
  for (const user of world.users) yield [member(group, user), inside.has(user.id)] as const;
}

export const createUser = (place: number): WorldCommand =>
  command(
    `create user ${place}`,
    (world) => world.isFree('user', place),
    async (world, tenant) => {
      const userName = address(tenant, world.freshName());
      const sentAt = await world.turn('create user');
      const answer = await tenant.scim('POST', '/Users', { userName, active: true });
      if (!succeeded('create user', answer, { 401: world.mayBeLocked })) return;
      world.add('user', place, String(answer.body['id']));
      const user = world.at('user', place);
      if (user !== undefined)
        world.history.acknowledge(sentAt, [
          [active(user), true],
          [nameOf(user), userName],
        ]);
    },
  );

const twin = command(
  'create a user whose name is taken',
  () => true,
  async (world, tenant) => {
    await world.turn('create twin');
    const answer = await tenant.scim('POST', '/Users', { userName: tenant.takenName });
    succeeded('create a twin', answer, { 409: true, 401: world.mayBeLocked });
  },
);

const renameUser = (place: number): WorldCommand =>
  command(
    `rename user ${place}`,
    (world) => world.at('user', place) !== undefined,
    async (world, tenant) => {
      const user = world.at('user', place);
      if (user === undefined) return;
      const userName = address(tenant, world.freshName());
      const sentAt = await world.turn('rename user');
      const body = patch({ op: 'replace', path: 'userName', value: userName });
      const answer = await tenant.scim('PATCH', `/Users/${user.id}`, body);
      if (!succeeded('rename user', answer, { 404: mayBeGone(user), 401: world.mayBeLocked })) return;
      world.history.acknowledge(sentAt, [[nameOf(user), userName]]);
    },
  );

const switchUser = (place: number, on: boolean): WorldCommand =>
  command(
    `${on ? 'reactivate' : 'deactivate'} user ${place}`,
    (world) => world.at('user', place) !== undefined,
    async (world, tenant) => {
      const user = world.at('user', place);
      if (user === undefined) return;
      const sentAt = await world.turn('switch user');
      const answer = await tenant.scim('PATCH', `/Users/${user.id}`, setActive(on));
      if (!succeeded('switch user', answer, { 404: mayBeGone(user), 401: world.mayBeLocked })) return;
      world.history.acknowledge(sentAt, [[active(user), on]]);
    },
  );

const switchAndBreak = (place: number, on: boolean): WorldCommand =>
  command(
    `switch user ${place} and break off`,
    (world) => world.at('user', place) !== undefined,
    async (world, tenant) => {
      const user = world.at('user', place);
      if (user === undefined) return;
      await world.turn('switch user and break off');
      const body = patch(
        { op: 'replace', path: 'active', value: on },
        { op: 'replace', path: 'userName', value: 'no address' },
      );
      const answer = await tenant.scim('PATCH', `/Users/${user.id}`, body);
      succeeded('switch user and break off', answer, { 400: true, 404: mayBeGone(user), 401: world.mayBeLocked });
      if (answer.status < 300) throw new Error('a name that is no address was taken');
    },
  );

const deleteUser = (place: number): WorldCommand =>
  command(
    `delete user ${place}`,
    (world) => !world.isFree('user', place),
    async (world, tenant) => {
      const user = world.at('user', place);
      if (user === undefined) return;
      await world.turn('delete user');
      user.deletions += 1;
      const answer = await tenant.scim('DELETE', `/Users/${user.id}`);
      if (succeeded('delete user', answer, { 404: user.deletions > 1, 401: world.mayBeLocked })) user.isGone = true;
    },
  );

export const createGroup = (place: number, members: number[]): WorldCommand =>
  command(
    `create group ${place} with users ${members.join()}`,
    (world) => world.isFree('group', place),
    async (world, tenant) => {
      const users = world.some('user', members);
      const displayName = world.freshName();
      const sentAt = await world.turn('create group');
      const body = { displayName, members: users.map(({ id: value }) => ({ value })) };
      const answer = await tenant.scim('POST', '/Groups', body);
      const refusals = { 400: users.some(mayBeGone), 401: world.mayBeLocked };
      if (!succeeded('create group', answer, refusals)) return;
      world.add('group', place, String(answer.body['id']));
      const group = world.at('group', place);
      if (group === undefined) return;
      world.history.acknowledge(sentAt, [
        [nameOf(group), displayName],
        ...membersAre(
          world,
          group.id,
          users.map(({ id }) => id),
        ),
      ]);
    },
  );

const renameGroup = (place: number): WorldCommand =>
  command(
    `rename group ${place}`,
    (world) => world.at('group', place) !== undefined,
    async (world, tenant) => {
      const group = world.at('group', place);
      if (group === undefined) return;
      const displayName = world.freshName();
      const sentAt = await world.turn('rename group');
      const answer = await tenant.scim(
        'PATCH',
        `/Groups/${group.id}`,
        patch({ op: 'replace', path: 'displayName', value: displayName }),
      );
      if (!succeeded('rename group', answer, { 404: mayBeGone(group), 401: world.mayBeLocked })) return;
      world.history.acknowledge(sentAt, [[nameOf(group), displayName]]);
    },
  );

const deleteGroup = (place: number): WorldCommand =>
  command(
    `delete group ${place}`,
    (world) => !world.isFree('group', place),
    async (world, tenant) => {
      const group = world.at('group', place);
      if (group === undefined) return;
      await world.turn('delete group');
      group.deletions += 1;
      const answer = await tenant.scim('DELETE', `/Groups/${group.id}`);
      if (succeeded('delete group', answer, { 404: group.deletions > 1, 401: world.mayBeLocked })) group.isGone = true;
    },
  );

const changeMembers = (place: number, kind: 'add' | 'remove' | 'replace', members: number[]): WorldCommand =>
  command(
    `${kind} users ${members.join()} of group ${place}`,
    (world) => world.at('group', place) !== undefined,
    async (world, tenant) => {
      const group = world.at('group', place);
      if (group === undefined) return;
      const users = world.some('user', members);
      const ids = users.map(({ id }) => id);
      const sentAt = await world.turn(`${kind} members`);
      const replacement = patch({ op: 'replace', path: 'members', value: ids.map((value) => ({ value })) });
      const body = kind === 'replace' ? replacement : kind === 'add' ? addMembers(...ids) : removeMembers(...ids);
      const answer = await tenant.scim('PATCH', `/Groups/${group.id}`, body);
      const refusals = {
        404: mayBeGone(group),
        400: kind !== 'remove' && users.some(mayBeGone),
        401: world.mayBeLocked,
      };
      if (!succeeded(`${kind} members`, answer, refusals)) return;
      world.history.acknowledge(
        sentAt,
        kind === 'replace'
          ? membersAre(world, group.id, ids)
          : users.map((user) => [member(group, user), kind === 'add'] as const),
      );
    },
  );

const addAndBreak = (place: number, members: number[]): WorldCommand =>
  command(
    `add users ${members.join()} and a stranger to group ${place}`,
    (world) => world.at('group', place) !== undefined,
    async (world, tenant) => {
      const group = world.at('group', place);
      if (group === undefined) return;
      await world.turn('add a stranger');
      const ids = world.some('user', members).map(({ id }) => id);
      const answer = await tenant.scim('PATCH', `/Groups/${group.id}`, addMembers(...ids, newId()));
      succeeded('add a stranger', answer, { 400: true, 404: mayBeGone(group), 401: world.mayBeLocked });
      if (answer.status < 300) throw new Error('somebody who is not there became a member');
    },
  );

/** What an identity provider sends, in about the proportions of a real one. */
export const scimCommands: fc.WeightedArbitrary<WorldCommand>[] = [
  { weight: 4, arbitrary: placeOf.user.map(createUser) },
  { weight: 1, arbitrary: fc.constant(twin) },
  { weight: 2, arbitrary: placeOf.user.map(renameUser) },
  { weight: 12, arbitrary: fc.tuple(placeOf.user, fc.boolean()).map(([place, on]) => switchUser(place, on)) },
  { weight: 1, arbitrary: fc.tuple(placeOf.user, fc.boolean()).map(([place, on]) => switchAndBreak(place, on)) },
  { weight: 2, arbitrary: placeOf.user.map(deleteUser) },
  { weight: 3, arbitrary: fc.tuple(placeOf.group, somePlaces).map(([place, members]) => createGroup(place, members)) },
  { weight: 1, arbitrary: placeOf.group.map(renameGroup) },
  { weight: 2, arbitrary: placeOf.group.map(deleteGroup) },
  ...(['add', 'remove', 'replace'] as const).map((kind) => ({
    weight: kind === 'add' ? 8 : 4,
    arbitrary: fc.tuple(placeOf.group, somePlaces).map(([place, members]) => changeMembers(place, kind, members)),
  })),
  { weight: 1, arbitrary: fc.tuple(placeOf.group, somePlaces).map(([place, members]) => addAndBreak(place, members)) },
];
