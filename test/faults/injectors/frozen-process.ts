import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Stops processes in the middle of whatever they do: alive, connected, and silent. Resolves when they stand still.
 *
 * @returns lets them go on
 */
export async function freeze(...pids: number[]): Promise<() => void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  for (const pid of pids) await untilStopped(pid);
  let isFrozen = true;
  return () => {
    if (!isFrozen) return;
    isFrozen = false;
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  };
}

async function untilStopped(pid: number): Promise<void> {
  for (;;) {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // `pid (name) state ...`; the name may hold anything, so it is skipped from the right.
    const state = text?.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3);
    if (state === undefined || 'TtZX'.includes(state)) return;
    await sleep(1);
  }
}
