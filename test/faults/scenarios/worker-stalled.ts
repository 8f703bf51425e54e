import { setTimeout as sleep } from 'node:timers/promises';
import { lockDurationMs } from '../../../src/queue/settings.ts';
import type { Scenario } from '../scenario.ts';

/** Long enough for the lock to be lost, the job to be given to somebody else, and that one to be done. */
const stalledMs = 3 * lockDurationMs;

/** F8: a worker stands still in the middle of its jobs, others take them over, and then it goes on. */
export const workerStalled: Scenario = {
  id: 'F8',
  name: 'stops a worker for three lock durations, then lets it go on',
  times: { small: 1, full: 50 },
  // Most of its round is waiting, and both engines have the same settings.
  smallOn: 'redis',
  async inject({ cluster, traffic, random, times, count }) {
    for (let stall = 0; stall < times; stall += 1) {
      await traffic.progress(15 + random.integer(15));
      const worker = random.pick(cluster.workers);
      const before = worker.output().length;
      worker.signal('SIGSTOP');
      try {
        await sleep(stalledMs);
      } finally {
        worker.signal('SIGCONT');
      }
      await traffic.progress(20);
      // What it says about jobs that somebody else has done meanwhile.
      const said = worker.output().slice(before);
      count('alreadyDone', said.split('"outcome":"already-done"').length - 1);
      count('attemptsFailed', said.split('"msg":"job attempt failed"').length - 1);
    }
  },
};
