import { readdir, readFile, readlink } from 'node:fs/promises';

/**
 * What the system tells about processes. Linux tells it in /proc; elsewhere only whether a process exists is known,
 * and the other questions answer null.
 */

const isLinux = process.platform === 'linux';

/** Whether the process exists and is not a zombie, which has ended and only waits to be reaped by its parent. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false; // EPERM: it exists, under another user
  }
  const state = (await statusFields(pid))?.[0];
  return state !== 'Z' && state !== 'X';
}

/** When the process started, in ticks since the system did; with the pid it names a process once and for all. */
export async function startOf(pid: number): Promise<string | null> {
  return (await statusFields(pid))?.[19] ?? null;
}

/** The command line of a process, words divided by blanks. */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (!isLinux) return null;
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  return text?.replaceAll('\0', ' ').trim() ?? null;
}

/** Running processes whose working directory is `directory` (a real path); null where the system does not tell. */
export async function processesIn(directory: string): Promise<number[] | null> {
  if (!isLinux) return null;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => ((await readlink(`/proc/${pid}/cwd`).catch(() => null)) === directory ? pid : null)),
  );
  return found.filter((pid) => pid !== null);
}

/** The fields of /proc/<pid>/stat from the third (state) on; the second, a name in parentheses, may hold anything. */
async function statusFields(pid: number): Promise<string[] | null> {
  if (!isLinux) return null;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? null;
}
