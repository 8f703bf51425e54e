import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../src/cli/simulate/random.ts';
import type { DeniedUsers } from './denied-users.ts';
import type { GroupModel, OrganizationModel, UserModel } from './model.ts';
import type { Write, Writer, WriteOutcome } from './writer.ts';

export interface LaneContext {
  organization: OrganizationModel;
  /** `acme-1`: whose users and groups these are. */
  lane: string;
  random: Random;
  writer: Writer;
  denied: DeniedUsers;
  isOver: () => boolean;
  onViolation: (problem: string) => void;
}

const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** More are not created; what a lane can do to a user does not get more interesting with more users. */
const maxUsers = 14;
const pauseMs = 60;

/**
 * Plays the identity provider for users and groups of its own and for their membership in groups that all share, until
 * the traffic is over.
 */
export async function runDirectoryLane(context: LaneContext): Promise<void> {
  const { random, isOver } = context;
  const actions = actionsOf(context);
  while (!isOver()) {
    await random.pick(actions)();
    await sleep(random.integer(pauseMs));
  }
}

/** How often an action stands here is how often it is chosen. */
function actionsOf({
  organization,
  lane,
  random,
  writer,
  denied,
  onViolation,
}: LaneContext): (() => Promise<unknown>)[] {
  let serial = 0;
  const users: UserModel[] = [];
  const mine = (condition: (user: UserModel) => boolean = () => true): UserModel | undefined => {
    const fitting = users.filter((user) => user.exists && user.doubt === undefined && condition(user));
    return fitting.length === 0 ? undefined : random.pick(fitting);
  };
  const groupOf = (condition: (group: GroupModel) => boolean): GroupModel | undefined => {
    const fitting = organization.groups.filter(
      (group) => group.exists && group.doubt === undefined && condition(group),
    );
    return fitting.length === 0 ? undefined : random.pick(fitting);
  };
  const nextText = (): string => `${lane} text ${(serial += 1)}`;
  const scim = (write: Omit<Write, 'kind'>): Promise<WriteOutcome> =>
    writer.write(organization, { kind: 'scim', ...write });
  const patch = (operations: readonly Record<string, unknown>[]) => ({
    schemas: [patchSchema],
    Operations: operations,
  });
  const attributes = (text: string) => ({ displayName: text, title: text, nickName: text });

  async function createUser(): Promise<void> {
    if (users.filter((user) => user.exists).length >= maxUsers) return;
    serial += 1;
    const user: UserModel = {
      id: '',
      userName: `${lane}-${serial}@${organization.domain}`,
      text: nextText(),
      active: random.integer(8) > 0,
      exists: false,
      groups: new Set(),
      doubt: undefined,
    };
    users.push(user);
    organization.users.push(user);
    await scim({
      what: 'POST user',
      method: 'POST',
      path: '/Users',
      body: { schemas: [userSchema], userName: user.userName, active: user.active, ...attributes(user.text) },
      happened: [409],
      concerns: [user],
      apply: (id) => {
        user.id = id;
        user.exists = true;
      },
    });
  }

  async function changeText(): Promise<void> {
    const user = mine();
    if (user === undefined) return;
    const text = nextText();
    const isPut = random.integer(3) === 0;
    await scim({
      what: isPut ? 'PUT user' : 'PATCH user attributes',
      method: isPut ? 'PUT' : 'PATCH',
      path: `/Users/${user.id}`,
      body: isPut
        ? { schemas: [userSchema], userName: user.userName, active: user.active, ...attributes(text) }
        : patch(Object.entries(attributes(text)).map(([path, value]) => ({ op: 'replace', path, value }))),
      concerns: [user],
      apply: () => {
        user.text = text;
      },
    });
  }

  /** Its last operation is forbidden, so none of them may hold. */
  async function tryTooMuch(): Promise<void> {
    const user = mine();
    if (user === undefined) return;
    const operations = Object.entries(attributes(nextText())).map(([path, value]) => ({ op: 'replace', path, value }));
    const outcome = await scim({
      what: 'PATCH user, refused',
      method: 'PATCH',
      path: `/Users/${user.id}`,
      body: patch([
        ...operations,
        { op: 'replace', path: 'active', value: false },
        { op: 'replace', path: 'id', value: 'x' },
      ]),
      refusals: [400],
      concerns: [],
      apply: () => undefined,
    });
    if (outcome === 'done') onViolation('I2: a PATCH of "id" was accepted');
  }

  async function setActive(active: boolean): Promise<void> {
    const user = mine((one) => one.active !== active);
    if (user === undefined) return;
    if (active) denied.allow(user.id);
    await scim({
      what: active ? 'PATCH user, reactivate' : 'PATCH user, deactivate',
      method: 'PATCH',
      path: `/Users/${user.id}`,
      body: patch([{ op: 'replace', path: 'active', value: active }]),
      concerns: [user],
      apply: () => {
        user.active = active;
        if (!active) denied.deny(organization.id, user.id);
      },
    });
    if (!active && !user.active) await lookAtOnce(user);
  }

  /** The answer is here, so no replica may show access any more. */
  async function lookAtOnce(user: UserModel): Promise<void> {
    const seen = await writer.read(organization, {
      kind: 'admin',
      path: `/users/${user.id}/access`,
      what: 'GET access',
    });
    if (seen?.status !== 200) return;
    denied.countHttpPoll();
    const { active, workspaces } = seen.body as { active?: boolean; workspaces?: unknown[] };
    if (active === true || (workspaces ?? []).length > 0) {
      onViolation(`I4: ${user.userName} was shown with access after deactivation (${seen.requestId})`);
    }
  }

  async function deleteUser(): Promise<void> {
    const user = mine();
    if (user === undefined || users.filter((one) => one.exists).length < 4) return;
    await scim({
      what: 'DELETE user',
      method: 'DELETE',
      path: `/Users/${user.id}`,
      happened: [404],
      concerns: [user],
      apply: () => {
        user.exists = false;
        user.active = false;
        denied.deny(organization.id, user.id);
      },
    });
  }

  async function changeMembers(add: boolean): Promise<void> {
    const group = groupOf((one) => one.lane === null || one.lane === lane);
    if (group === undefined) return;
    const fitting = users.filter((user) => user.exists && user.doubt === undefined && user.groups.has(group) !== add);
    const chosen = random.sample(fitting, 1 + random.integer(3));
    if (chosen.length === 0) return;
    const value = chosen.map(({ id }) => ({ value: id }));
    await scim({
      what: add ? 'PATCH group, add' : 'PATCH group, remove',
      method: 'PATCH',
      path: `/Groups/${group.id}`,
      body: patch(
        add
          ? [{ op: 'add', path: 'members', value }]
          : chosen.map(({ id }) => ({ op: 'remove', path: `members[value eq "${id}"]` })),
      ),
      concerns: group.lane === null ? chosen : [...chosen, group],
      apply: () => {
        for (const user of chosen) {
          if (add) user.groups.add(group);
          else user.groups.delete(group);
        }
      },
    });
  }

  async function createGroup(): Promise<void> {
    if (organization.groups.filter((group) => group.lane === lane && group.exists).length >= 3) return;
    serial += 1;
    const group: GroupModel = {
      id: '',
      name: `Group ${lane} ${serial}`,
      exists: false,
      lane,
      mapping: undefined,
      doubt: undefined,
      mappingDoubt: undefined,
    };
    const members = random.sample(
      users.filter((user) => user.exists && user.doubt === undefined),
      random.integer(4),
    );
    organization.groups.push(group);
    await scim({
      what: 'POST group',
      method: 'POST',
      path: '/Groups',
      // Without an externalId a repetition would make a twin.
      body: {
        schemas: [groupSchema],
        displayName: group.name,
        externalId: group.name,
        members: members.map(({ id }) => ({ value: id })),
      },
      happened: [409],
      concerns: [group, ...members],
      apply: (id) => {
        group.id = id;
        group.exists = true;
        for (const user of members) user.groups.add(group);
      },
    });
  }

  /** A new name and a whole new set of members, in one PUT. */
  async function replaceGroup(): Promise<void> {
    const group = groupOf((one) => one.lane === lane);
    if (group === undefined) return;
    serial += 1;
    const name = `Group ${lane} ${serial}`;
    const fitting = users.filter((user) => user.exists && user.doubt === undefined);
    // A member in doubt could be there or not; a set that leaves it out would decide for it.
    if (users.some((user) => user.doubt !== undefined && user.groups.has(group))) return;
    const members = new Set(random.sample(fitting, random.integer(5)));
    await scim({
      what: 'PUT group',
      method: 'PUT',
      path: `/Groups/${group.id}`,
      body: {
        schemas: [groupSchema],
        displayName: name,
        externalId: name,
        members: [...members].map(({ id }) => ({ value: id })),
      },
      concerns: [group, ...fitting],
      apply: () => {
        group.name = name;
        for (const user of users) {
          if (members.has(user)) user.groups.add(group);
          else user.groups.delete(group);
        }
      },
    });
  }

  async function deleteGroup(): Promise<void> {
    const group = groupOf((one) => one.lane === lane);
    if (group === undefined) return;
    await scim({
      what: 'DELETE group',
      method: 'DELETE',
      path: `/Groups/${group.id}`,
      happened: [404],
      concerns: [group],
      apply: () => {
        group.exists = false;
      },
    });
  }

  const weighted: readonly (readonly [number, () => Promise<unknown>])[] = [
    [4, createUser],
    [3, changeText],
    [1, tryTooMuch],
    [2, () => setActive(false)],
    [2, () => setActive(true)],
    [1, deleteUser],
    [5, () => changeMembers(true)],
    [4, () => changeMembers(false)],
    [2, createGroup],
    [1, replaceGroup],
    [1, deleteGroup],
  ];
  return weighted.flatMap(([weight, action]) => Array.from({ length: weight }, () => action));
}
