import { setTimeout as sleep } from 'node:timers/promises';
import { answeredWithin, otherThan, scimWriteP99Ms, untilConsuming } from '../harness/observe.ts';
import type { OwnRedis } from '../harness/own-redis.ts';
import { freeze } from '../injectors/frozen-process.ts';
import { fillRedis } from '../injectors/full-redis.ts';
import type { FaultContext, Scenario } from '../scenario.ts';

/** After Redis is well again, workers take up their work within this. */
const consumingWithinMs = 5_000;

/**
 * How much slower one SCIM write in a hundred may be. Two busy cores make a percentile of some hundred requests jump
 * by more than the 50 ms that are promised, so what it was just before counts twice; and of a few requests it is the
 * slowest, so 0.4 seconds are always allowed. A write that waited for Redis would take longer: half a second for the quota,
 * two for the queue.
 */
const allowedP99Ms = (before: number): number => Math.max(400, before * 2 + 50);

/** Redis is not well for a while: nobody who pushes may notice, and the work goes on soon afterwards. */
async function withoutRedis(
  id: string,
  { cluster, traffic, violation, count }: FaultContext,
  { seconds, damage }: { seconds: number; damage: (redis: OwnRedis) => Promise<() => void | Promise<void>> },
): Promise<void> {
  const { redis } = cluster;
  if (redis === null) throw new Error('this cluster has no Redis');
  const startedAt = Date.now();
  await traffic.progress(80);
  const before = scimWriteP99Ms(answeredWithin(traffic.exchanges, startedAt, Date.now()));

  const recover = await damage(redis);
  const damagedAt = Date.now();
  await sleep(seconds * 1000);
  const recoveredAt = Date.now();
  await recover();
  const organizationIds = traffic.organizations.map((one) => one.id);
  const consumingAfterMs = await untilConsuming(cluster.db, organizationIds, 4 * consumingWithinMs);

  const meanwhile = answeredWithin(traffic.exchanges, damagedAt, recoveredAt);
  const writes = meanwhile.filter(({ kind }) => kind === 'scim');
  for (const problem of otherThan(writes, ({ status }) => typeof status === 'number' && status < 500)) {
    violation(`${id}: without Redis ${problem}`);
  }
  const during = scimWriteP99Ms(meanwhile);
  if (during > allowedP99Ms(before)) violation(`${id}: p99 of SCIM writes rose from ${before} to ${during} ms`);
  if (consumingAfterMs > consumingWithinMs) {
    violation(`${id}: workers took up their work ${Math.round(consumingAfterMs)} ms after Redis was well again`);
  }
  count('writesWithoutRedis', writes.length);
  count('p99MsBefore', before, 'worst');
  count('p99MsWithoutRedis', during, 'worst');
  count('consumingAfterMs', Math.round(consumingAfterMs), 'worst');
}

/** F5: `noeviction`, and no memory left. */
export const redisFull: Scenario = {
  id: 'F5',
  name: 'fills Redis',
  engines: ['redis'],
  times: { small: 1, full: 10 },
  async inject(context) {
    for (let fault = 0; fault < context.times; fault += 1) {
      await withoutRedis('F5', context, { seconds: 2, damage: (redis) => fillRedis(redis.url) });
    }
  },
};

function redisFrozen(seconds: number, times: Scenario['times']): Scenario {
  return {
    id: 'F6',
    name: `freezes Redis for ${seconds} s`,
    engines: ['redis'],
    times,
    async inject(context) {
      for (let fault = 0; fault < context.times; fault += 1) {
        await withoutRedis('F6', context, { seconds, damage: (redis) => freeze(redis.pid() ?? 0) });
      }
    },
  };
}

function redisAway(seconds: readonly number[], times: Scenario['times']): Scenario {
  return {
    id: 'F7',
    name: `takes Redis away for ${seconds.join(', ')} s`,
    engines: ['redis'],
    times,
    async inject(context) {
      for (let fault = 0; fault < context.times; fault += 1) {
        for (const outage of seconds) {
          await withoutRedis('F7', context, {
            seconds: outage,
            damage: async (redis) => {
              await redis.kill();
              return () => redis.start();
            },
          });
        }
      }
    },
  };
}

/** F6: alive, connected, and silent. F7: gone, and back. */
export const redisTrouble: readonly Scenario[] = [
  redisFull,
  redisFrozen(3, { small: 1, full: 5 }),
  redisFrozen(30, { small: 0, full: 3 }),
  redisAway([1, 7], { small: 1, full: 3 }),
  redisAway([20], { small: 0, full: 3 }),
  redisAway([120], { small: 0, full: 1 }),
];
