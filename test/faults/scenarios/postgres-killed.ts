import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../scenario.ts';

/** F2: postmaster and every child end at one instant, while writes are in the middle of everything. */
export const postgresKilled: Scenario = {
  id: 'F2',
  name: 'kills the whole of Postgres',
  times: { small: 1, full: 50 },
  disturbsPostgres: true,
  async inject({ cluster, traffic, random, times, violation }) {
    for (let kill = 0; kill < times; kill += 1) {
      if (!(await traffic.progress(40 + random.integer(40)))) violation('no progress before the kill');
      await cluster.postgres.killAll();
      await sleep(random.integer(500));
      await cluster.postgres.start();
    }
  },
};
