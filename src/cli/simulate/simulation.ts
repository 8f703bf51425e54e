import type { CompanyDirectory, Person, Team } from './directory.ts';
import { idOf, type IdentityProvider } from './identity-provider.ts';
import type { Progress } from './progress.ts';
import { UnexpectedAnswer, type ScimAnswer, type SendScim } from './scim-client.ts';
import type { Statistics } from './statistics.ts';

export interface SimulationOptions {
  provider: IdentityProvider;
  send: SendScim;
  directory: CompanyDirectory;
  /** People or groups worked on at once. */
  concurrency: number;
  progress: Progress;
  statistics: Pick<Statistics, 'recordUnexpected'>;
}

/**
 * One identity provider's view of one company, and what it has told the service so far. A person or group whose
 * request met an unexpected answer is left out of what follows, as an identity provider leaves it for its next cycle.
 */
export interface Simulation {
  testConnection(): Promise<void>;
  /** Pushes everybody: looks each person up, creates or updates. Then managers, where the provider sends them. */
  syncUsers(): Promise<void>;
  /** Pushes every group, then its members. */
  syncGroups(): Promise<void>;
  /** Plays changes in the directory, several at once: each person may be concerned by one of them only. */
  playChanges(changes: Change[], label: string): Promise<void>;
  /** The id that the service gave. */
  userId(person: Person): string | undefined;
  groupId(group: Team): string | undefined;
}

export type Change =
  | { kind: 'join'; person: Person }
  | { kind: 'retitle'; person: Person; title: string }
  | { kind: 'move'; person: Person; from: Team; to: Team }
  | { kind: 'deactivate'; person: Person }
  | { kind: 'reactivate'; person: Person }
  | { kind: 'delete'; person: Person };

export function createSimulation(options: SimulationOptions): Simulation {
  const { provider, send, directory, concurrency, progress, statistics } = options;
  const userIds = new Map<Person, string>();
  const groupIds = new Map<Team, string>();

  const run = async <T>(label: string, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
    if (items.length === 0) return;
    progress.start(label, items.length);
    await forEachConcurrently(items, concurrency, async (item) => {
      try {
        await work(item);
      } catch (error) {
        if (!(error instanceof UnexpectedAnswer)) throw error;
        statistics.recordUnexpected(error.message);
      }
      progress.step();
    });
    progress.stop();
  };

  const syncUser = async (person: Person): Promise<void> => {
    const known = await provider.findUser(send, person);
    const id = known ?? (await created(await provider.createUser(send, person), () => provider.findUser(send, person)));
    if (known !== undefined) await provider.updateUser(send, known, person);
    userIds.set(person, id);
  };

  const syncGroup = async (group: Team): Promise<void> => {
    const known = await provider.findGroup(send, group);
    const id = known ?? (await created(await provider.createGroup(send, group), () => provider.findGroup(send, group)));
    groupIds.set(group, id);
    const memberIds = group.members.flatMap((person) => userIds.get(person) ?? []);
    if (memberIds.length > 0) await provider.pushMembers(send, id, group, memberIds);
  };

  const setManager = async ({ person, manager }: Reporting): Promise<void> => {
    const id = userIds.get(person);
    const managerId = userIds.get(manager);
    if (id !== undefined && managerId !== undefined) await provider.setManager?.(send, id, managerId);
  };

  const playChange = async (change: Change): Promise<void> => {
    const { person } = change;
    if (change.kind === 'join') {
      directory.people.push(person);
      return syncUser(person);
    }
    const id = userIds.get(person);
    if (id === undefined) return;
    switch (change.kind) {
      case 'retitle':
        person.title = change.title;
        return provider.updateUser(send, id, person);
      case 'move':
        return move(id, person, change.from, change.to);
      case 'deactivate':
      case 'reactivate':
        return provider.setActive(send, id, person, change.kind === 'reactivate');
      case 'delete':
        await provider.deleteUser(send, id);
        userIds.delete(person);
        directory.people = directory.people.filter((other) => other !== person);
        for (const group of directory.groups) group.members = group.members.filter((other) => other !== person);
    }
  };

  const move = async (id: string, person: Person, from: Team, to: Team): Promise<void> => {
    const fromId = groupIds.get(from);
    const toId = groupIds.get(to);
    if (fromId === undefined || toId === undefined) return;
    from.members = from.members.filter((other) => other !== person);
    to.members = [...to.members, person];
    await provider.changeMembers(send, fromId, from, { add: [], remove: [id] });
    await provider.changeMembers(send, toId, to, { add: [id], remove: [] });
  };

  return {
    testConnection: () => provider.testConnection(send),
    async syncUsers() {
      await run('users', directory.people, syncUser);
      if (provider.setManager !== undefined) await run('managers', reportingLines(directory.people), setManager);
    },
    syncGroups: () => run('groups', directory.groups, syncGroup),
    playChanges: (changes, label) => run(label, changes, playChange),
    userId: (person) => userIds.get(person),
    groupId: (group) => groupIds.get(group),
  };
}

/**
 * The id of a created resource. Where an earlier attempt was carried out although its answer was lost, the next one
 * conflicts, and the resource is looked up again.
 */
async function created(answer: ScimAnswer, find: () => Promise<string | undefined>): Promise<string> {
  if (answer.status !== 409) return idOf(answer.body);
  const id = await find();
  if (id === undefined) throw new UnexpectedAnswer(409, 'the service answers a conflict, but a look-up finds nobody');
  return id;
}

interface Reporting {
  person: Person;
  manager: Person;
}

/** Everybody reports to the first who leads the department. */
function reportingLines(people: Person[]): Reporting[] {
  const leads = new Map<string, Person>();
  for (const person of people) {
    if (/manager|head|lead|controller|general/i.test(person.title) && !leads.has(person.department)) {
      leads.set(person.department, person);
    }
  }
  return people.flatMap((person) => {
    const manager = leads.get(person.department);
    return manager === undefined || manager === person ? [] : [{ person, manager }];
  });
}

/** Runs `work` over the items in order, so many at once; the first rejection ends it. */
async function forEachConcurrently<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
}
