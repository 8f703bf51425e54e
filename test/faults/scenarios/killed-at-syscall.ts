import type { MemberRole } from '../harness/member.ts';
import { killAtCall, startToBeKilled } from '../harness/kill-at-syscall.ts';
import type { Scenario } from '../scenario.ts';

/** One request is some dozen calls; with this many the kill falls anywhere within the first few. */
const farthestCall = 60;
/** What a start writes until it is ready. */
const farthestCallOfStart = 40;

/**
 * F1: a process ends as it enters a certain system call towards Postgres, Redis, a client or its log; N moves from round
 * to round. An api process is ingress and dispatcher, a worker is dispatcher (the sweep) and worker.
 */
function killedAtSyscall(role: MemberRole, times: Scenario['times']): Scenario {
  return {
    id: 'F1',
    name: `kills ${role === 'api' ? 'an api' : 'a worker'} process at a system call`,
    times,
    perRound: 3,
    needs: ['strace'],
    async inject({ cluster, traffic, random, times: kills, count }) {
      for (let kill = 0; kill < kills; kill += 1) {
        await traffic.progress(1 + random.integer(10));
        const member = random.pick(role === 'api' ? cluster.apis : cluster.workers);
        if (await killAtCall(member, 1 + random.integer(farthestCall))) count('killed');
        // Every fourth is killed once more while it starts.
        if (kill % 4 === 3 && (await startToBeKilled(member, 1 + random.integer(farthestCallOfStart)))) {
          count('killedWhileStarting');
        }
        await member.start();
      }
    },
  };
}

export const apiKilled = killedAtSyscall('api', { small: 2, full: 250 });
export const workerKilled = killedAtSyscall('worker', { small: 2, full: 250 });
