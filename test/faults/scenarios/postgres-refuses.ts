import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../harness/cluster.ts';
import { answeredWithin, memoryOf, otherThan } from '../harness/observe.ts';
import { holdConnections } from '../injectors/held-connections.ts';
import type { FaultContext, Scenario } from '../scenario.ts';
import type { OrganizationModel } from '../traffic/model.ts';

/** Requests beside the traffic that find no Postgres: what piles up shows in the memory. */
const flood = 16;

/** How much an api process may grow while it refuses; a garbage collector takes its time. */
const allowedGrowthMb = 80;

async function withoutPostgres(
  { cluster, traffic, violation, count }: FaultContext,
  { seconds, damage }: { seconds: number; damage: () => Promise<() => Promise<void>> },
): Promise<void> {
  await traffic.progress(30);
  const recover = await damage();
  const damagedAt = Date.now();
  const knocks = startKnocking(cluster, traffic.organizations);
  const memory = () => Promise.all(cluster.apis.map((api) => memoryOf(api.pid())));
  let growthMb: number;
  let recoveredAt: number;
  try {
    await sleep((seconds * 1000) / 4);
    const before = await memory();
    await sleep((seconds * 1000 * 3) / 4);
    growthMb = Math.max(...(await memory()).map((after, index) => after - (before[index] ?? 0)));
  } finally {
    recoveredAt = Date.now();
    await knocks.stop();
    await recover();
  }

  const meanwhile = answeredWithin(traffic.exchanges, damagedAt, recoveredAt);
  const isRight = ({ status, retryAfter }: (typeof meanwhile)[number]): boolean =>
    status === 503 && retryAfter !== null;
  for (const problem of [...knocks.problems, ...otherThan(meanwhile, isRight)]) {
    violation(`F9: without Postgres ${problem}`);
  }
  if (growthMb > allowedGrowthMb) violation(`F9: an api process grew by ${Math.round(growthMb)} MB while it refused`);
  count('refusedWithoutPostgres', meanwhile.length + knocks.count());
  count('growthMb', Math.round(growthMb), 'worst');
}

/** Reads, many at a time, each of which must be told to come again later. */
function startKnocking(
  cluster: Cluster,
  organizations: readonly OrganizationModel[],
): { stop(): Promise<void>; count(): number; problems: string[] } {
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const problems: string[] = [];
  let requests = 0;
  const knock = async (index: number): Promise<void> => {
    const api = cluster.apis[index % cluster.apis.length];
    const organization = organizations[index % organizations.length];
    while (!isOver()) {
      try {
        const answer = await fetch(`${api?.url ?? ''}/api/v1/scim/${organization?.id ?? ''}/v2/Users`, {
          headers: { authorization: `Bearer ${organization?.token ?? ''}` },
          // One for each request: fetch leaves its listener on the signal until it is collected.
          signal: AbortSignal.any([over.signal]),
        });
        await answer.arrayBuffer();
        const retryAfter = answer.headers.get('retry-after');
        if (answer.status === 503 && retryAfter !== null) requests += 1;
        else problems.push(`a read was answered ${answer.status}, Retry-After ${retryAfter ?? 'missing'}`);
      } catch (error) {
        if (!isOver()) problems.push(`a read was not answered: ${String((error as Error).cause ?? error)}`);
        return;
      }
    }
  };
  const knocking = Promise.all(Array.from({ length: flood }, (_, index) => knock(index)));
  return {
    problems,
    count: () => requests,
    async stop() {
      over.abort();
      await knocking;
    },
  };
}

function everyConnectionHeld(seconds: number, times: Scenario['times']): Scenario {
  return {
    id: 'F9',
    name: `takes every connection of Postgres for ${seconds} s`,
    times,
    smallOn: 'redis',
    disturbsPostgres: true,
    // Enough for four members and no more: each has to be opened before it can be held.
    cluster: async () => ({ postgresSettings: ['max_connections=110'] }),
    async inject(context) {
      for (let fault = 0; fault < context.times; fault += 1) {
        await withoutPostgres(context, {
          seconds,
          damage: async () => {
            const held = await holdConnections(context.cluster.postgres.url, { evict: true });
            context.count('connectionsHeld', held.count, 'worst');
            return () => held.release();
          },
        });
      }
    },
  };
}

function postgresStopped(seconds: number, times: Scenario['times']): Scenario {
  return {
    id: 'F9',
    name: `stops Postgres for ${seconds} s`,
    times,
    smallOn: 'postgres',
    disturbsPostgres: true,
    async inject(context) {
      const { postgres } = context.cluster;
      for (let fault = 0; fault < context.times; fault += 1) {
        await withoutPostgres(context, {
          seconds,
          damage: async () => {
            await postgres.stop();
            return () => postgres.start();
          },
        });
      }
    },
  };
}

/** F9: nobody is told that a token, a user or a name is wrong, when nobody could look. */
export const postgresRefuses: readonly Scenario[] = [
  everyConnectionHeld(3, { small: 1, full: 5 }),
  everyConnectionHeld(30, { small: 0, full: 2 }),
  postgresStopped(3, { small: 1, full: 5 }),
  postgresStopped(30, { small: 0, full: 2 }),
];
