import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnRedis } from '../harness/own-redis.ts';
import type { FaultContext, Scenario } from '../scenario.ts';

async function killRedis(
  { cluster, traffic, random, times }: FaultContext,
  damage: (redis: OwnRedis) => Promise<void>,
) {
  const { redis } = cluster;
  if (redis === null) throw new Error('this cluster has no Redis');
  for (let kill = 0; kill < times; kill += 1) {
    await traffic.progress(20 + random.integer(40));
    await redis.kill();
    await damage(redis);
    await sleep(random.integer(500));
    await redis.start();
  }
}

/** F3: what Redis had acknowledged in its last second may be missing when it comes back. */
export const redisKilled: Scenario = {
  id: 'F3',
  name: 'kills Redis, which comes back with its append-only file',
  engines: ['redis'],
  times: { small: 1, full: 50 },
  perRound: 2,
  inject: (context) => killRedis(context, () => Promise.resolve()),
};

/** What a power loss may leave unwritten. */
const lostBytes = 4_096;

export const redisLosesPower: Scenario = {
  id: 'F3',
  name: 'kills Redis and cuts the end of its append-only file off',
  engines: ['redis'],
  times: { small: 1, full: 50 },
  perRound: 2,
  inject: (context) =>
    killRedis(context, async ({ directory }) => {
      const files = join(directory, 'appendonlydir');
      for (const name of await readdir(files)) {
        if (!name.endsWith('.incr.aof')) continue;
        const { size } = await stat(join(files, name));
        await truncate(join(files, name), Math.max(0, size - lostBytes));
        context.count('bytesCut', Math.min(size, lostBytes));
      }
    }),
};

/** F4: a Redis that starts without any data. */
export const redisComesBackEmpty: Scenario = {
  id: 'F4',
  name: 'kills Redis, which comes back empty',
  engines: ['redis'],
  times: { small: 1, full: 50 },
  perRound: 2,
  inject: (context) => killRedis(context, (redis) => redis.removeData()),
};
