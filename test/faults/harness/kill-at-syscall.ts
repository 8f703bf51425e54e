import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './member.ts';

/** Everything by which a process tells others something: Postgres, Redis, a client, its log. */
const calls = 'write,writev,sendto,sendmsg';

function words(nth: number): string[] {
  return ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${calls}:signal=KILL:when=${nth}`];
}

/** How long a process may take to come to its nth call; an idle one sweeps once a second. */
const patienceMs = 15_000;

/**
 * Lets a running process be killed as it enters its `nth` writing call from now on, counted in each thread.
 *
 * @returns whether it came so far; otherwise it runs on as before
 */
export async function killAtCall(member: Member, nth: number): Promise<boolean> {
  const tracer = spawn('strace', [...words(nth), '-p', `${member.pid()}`], { stdio: 'ignore' });
  const tracerEnded = once(tracer, 'exit');
  const killed = await Promise.race([
    member.ended(2 ** 31 - 1).then(() => true),
    sleep(patienceMs, false, { ref: false }),
  ]);
  tracer.kill('SIGTERM'); // it lets go of whom it traces
  await tracerEnded;
  return killed;
}

/**
 * Starts a process that is killed as it enters its `nth` writing call, most likely before it is ready. `-D`: the tracer
 * is the grandchild, so that the process stays our child.
 *
 * @returns whether it was killed; otherwise it is ready
 */
export async function startToBeKilled(member: Member, nth: number): Promise<boolean> {
  try {
    await member.start({ prefix: ['strace', '-D', ...words(nth)] });
    return !member.isRunning();
  } catch {
    await member.ended();
    return true;
  }
}
