import type { Scenario } from '../scenario.ts';

/** F4: everything that the queue holds is gone at one instant, jobs in work too, while everybody goes on. */
export const queueWiped: Scenario = {
  id: 'F4',
  name: 'wipes the queue in the middle of its jobs',
  times: { small: 1, full: 50 },
  perRound: 5,
  async inject({ cluster, traffic, random, times }) {
    const { redis, db } = cluster;
    for (let wipe = 0; wipe < times; wipe += 1) {
      await traffic.progress(15 + random.integer(30));
      if (redis === null) await db.pool.query('TRUNCATE bullmq.job CASCADE');
      else await redis.use((client) => client.flushall());
    }
  },
};
