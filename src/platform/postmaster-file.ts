import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLineOf, isRunning, processesIn } from './process-table.ts';
import { StartupError } from './startup-error.ts';

/** What `postmaster.pid` in a data directory says about the server that made it. */
export interface Postmaster {
  pid: number;
  port: number;
  /** `starting`, `ready`, `stopping`, `standby`. */
  status: string;
}

/** Lines 1, 4 and 8 of `postmaster.pid`; undefined when there is no such file, or half of one. */
export async function readPostmaster(directory: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  const [pid, port, status] = [Number(lines[0]), Number(lines[3]), lines[7] ?? ''];
  return Number.isInteger(pid) && pid > 0 ? { pid, port, status } : undefined;
}

/** A clean stop writes everything out first: on a slow disk that takes a while. */
const leaveWithinMs = 20_000;

/**
 * Waits until no server runs on the data directory any more, and removes a lock file that Postgres itself would take
 * for a living server's. Call it while holding our own lock: a server found here is one whose Rollcall has ended.
 *
 * A server that just lost its parent is stopping already; one that nobody told (no `setpriv` here) is told now. The
 * file names a pid only: after a restart of a container that pid often belongs to an unrelated process, and a zombie
 * counts as alive for Postgres, which would then refuse to start for ever.
 *
 * @throws StartupError when a server stays
 */
export async function awaitFreeDirectory(directory: string): Promise<void> {
  const deadline = Date.now() + leaveWithinMs;
  const told = new Set<number>();
  for (;;) {
    const postmaster = await readPostmaster(directory);
    const others = (await processesIn(await realpath(directory))) ?? [];
    if (postmaster === undefined) {
      if (others.length === 0) return;
    } else if (await isServerOf(directory, postmaster.pid)) {
      if (!told.has(postmaster.pid)) stop(postmaster.pid);
      told.add(postmaster.pid);
    } else if (others.length === 0) {
      // Its processes are gone, so is its shared memory: Postgres' own interlock has nothing left to protect.
      await rm(join(directory, 'postmaster.pid'), { force: true });
      return;
    }
    if (Date.now() > deadline) {
      throw new StartupError(
        `Postgres (process ${postmaster?.pid ?? others.join(', ')}) still runs on ${directory} and does not stop: end it first.`,
      );
    }
    await sleep(100);
  }
}

async function isServerOf(directory: string, pid: number): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  const commandLine = await commandLineOf(pid);
  return commandLine === null || commandLine.includes(directory);
}

function stop(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // Gone meanwhile, or another user's: the caller's deadline tells.
  }
}
