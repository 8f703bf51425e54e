import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Whether `strace` is installed and may attach to a process of ours. */
export async function canTrace(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const traced = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    await once(traced, 'spawn');
    const detach = await trace([traced.pid ?? 0], ['-e', 'trace=none']);
    await detach();
    return true;
  } catch {
    return false;
  } finally {
    traced.kill('SIGKILL');
  }
}

/**
 * Makes a Postgres wait for its disk: every `fdatasync` (that is, every commit) of the server's processes, present and
 * to come, takes so much longer.
 *
 * @param pids the postmaster, and its children so far
 * @returns makes the disk as fast as before
 */
export async function slowDisk(pids: readonly number[], delayMs: number): Promise<() => Promise<void>> {
  const inject = `fdatasync:delay_enter=${delayMs * 1000}`;
  return trace(pids, ['-f', '-e', 'trace=fdatasync', '-e', `inject=${inject}`]);
}

/** Attaches to processes; resolves when all of them are traced. @returns detaches from all */
async function trace(pids: readonly number[], options: string[]): Promise<() => Promise<void>> {
  const tracer = spawn('strace', [...options, ...pids.flatMap((pid) => ['-p', `${pid}`])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await untilAttached(tracer, pids);
  return async () => {
    if (tracer.exitCode !== null || tracer.signalCode !== null) return;
    const ended = once(tracer, 'exit');
    tracer.kill('SIGTERM'); // takes its hands off first; SIGKILL would leave that to the kernel
    await ended;
  };
}

function untilAttached(tracer: ChildProcess, pids: readonly number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    tracer.once('error', reject); // not installed
    tracer.once('exit', () => reject(new Error(`strace did not attach: ${lines.join('; ')}`)));
    const lines: string[] = [];
    const missing = new Set(pids);
    if (tracer.stderr === null) throw new Error('strace has been started with its standard error in a pipe');
    // Read to its end: a tracer whose pipe is full stands still, and whom it traces with it.
    createInterface({ input: tracer.stderr }).on('line', (line) => {
      if (missing.size === 0) return;
      lines.push(line);
      // A process that ended meanwhile is none that would have to be slow.
      const pid = /Process (\d+) attached|attach: ptrace\(PTRACE_SEIZE, (\d+)\): No such process/.exec(line);
      if (pid === null) return;
      missing.delete(Number(pid[1] ?? pid[2]));
      if (missing.size === 0) resolve();
    });
  });
}
