import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../src/cli/simulate/random.ts';
import type { Queryable } from '../../../src/platform/database.ts';
import { runAdminLane } from './admin-lane.ts';
import { createDeniedUsers } from './denied-users.ts';
import { runDirectoryLane } from './directory-lane.ts';
import type { OrganizationModel } from './model.ts';
import type { Exchange } from './requests.ts';
import { createWriter } from './writer.ts';

/** Seeded requests of several identity providers and admins at once, and what came of them. */
export interface Traffic {
  readonly organizations: readonly OrganizationModel[];
  /** Everything that was sent so far and what became of it. */
  readonly exchanges: readonly Exchange[];
  /** Writes that were answered with 2xx so far. */
  acknowledged(): number;
  /** Resolves when so many more writes have been acknowledged, or the time is over. @returns whether they have */
  progress(writes: number, withinMs?: number): Promise<boolean>;
  /** Resolves when every request that has been sent by now is answered, or given up. */
  answered(): Promise<void>;
  /** Ends it: every lane finishes what it is at, repeating what got no answer. */
  stop(): Promise<void>;
  /** Looks that were taken at users whose deactivation or deletion had been answered. */
  deniedPolls(): { users: number; http: number };
}

export interface TrafficOptions {
  organizations: readonly OrganizationModel[];
  apiUrls: readonly string[];
  adminKey: string;
  db: Queryable;
  seed: string;
  tag: string;
  /** Lanes that push users and groups, in each organization. */
  lanes: number;
  onViolation: (problem: string) => void;
}

/** So often the database is looked at for access of users who must not have any. */
const lookEveryMs = 25;

export function startTraffic(options: TrafficOptions): Traffic {
  const { organizations, onViolation, db } = options;
  const exchanges: Exchange[] = [];
  const inFlight = new Set<Promise<Exchange>>();
  let acknowledged = 0;
  let over = false;
  const isOver = (): boolean => over;
  const denied = createDeniedUsers(onViolation);

  const laneOf = (organization: OrganizationModel, name: string) => {
    const random = createRandom(`${options.seed} ${organization.name.replace(options.tag, '')} ${name}`);
    const writer = createWriter({
      apiUrls: options.apiUrls,
      adminKey: options.adminKey,
      random,
      tag: `${organization.name}-${name}`,
      isOver,
      onViolation,
      onSend: (answer) => {
        inFlight.add(answer);
        void answer.finally(() => inFlight.delete(answer));
      },
      onExchange: (one) => {
        exchanges.push(one);
        if (one.kind !== 'read' && typeof one.status === 'number' && one.status < 300) acknowledged += 1;
      },
    });
    return { organization, random, writer, isOver };
  };

  const lanes = organizations.flatMap((organization) => [
    runAdminLane(laneOf(organization, 'admin')),
    ...Array.from({ length: options.lanes }, (_, index) => {
      const lane = `lane${index}`;
      return runDirectoryLane({ ...laneOf(organization, lane), lane, denied, onViolation });
    }),
  ]);
  const look = async (): Promise<void> => {
    while (!over) {
      await denied.poll(db).catch(() => undefined); // Postgres may be away on purpose
      await sleep(lookEveryMs);
    }
  };
  const all = Promise.all([...lanes, look()]);
  all.catch(() => undefined); // told by `stop`

  return {
    organizations,
    exchanges,
    acknowledged: () => acknowledged,
    async progress(writes, withinMs = 60_000) {
      const goal = acknowledged + writes;
      const deadline = Date.now() + withinMs;
      while (acknowledged < goal) {
        if (Date.now() > deadline) return false;
        await sleep(5);
      }
      return true;
    },
    async answered() {
      await Promise.all(inFlight);
    },
    async stop() {
      over = true;
      await all;
    },
    deniedPolls: () => denied.polls(),
  };
}
