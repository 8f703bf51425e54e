import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isRunning, startOf } from './process-table.ts';
import { StartupError } from './startup-error.ts';

/** The directory for what an installation without a database of its own has to keep. */
export interface DataDirectory {
  readonly path: string;
  /**
   * The secret kept in the file `name` (mode 0600), made by `create` when there is none yet. Processes that ask at the
   * same time all get the same one.
   */
  secret(name: string, create: () => string): Promise<{ value: string; isNew: boolean }>;
  /**
   * Makes this process the only one to run the embedded database here; a record left by a process that is gone counts
   * for nothing.
   *
   * @returns gives the directory free again
   * @throws StartupError when another process holds it
   */
  lock(): Promise<() => Promise<void>>;
}

/**
 * Opens the data directory, making it (mode 0700) where it is missing.
 *
 * @throws StartupError when it cannot be made or written
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  try {
    await makeDirectory(path);
    const probe = join(path, `.write-probe-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw new StartupError(
      `DATA_DIR ${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)}): ` +
        'set DATA_DIR to a directory that this user may write, or give this one to them.',
      { cause: error },
    );
  }
  return {
    path,
    secret: (name, create) => readOrCreateSecret(join(path, name), create),
    lock: () => lock(join(path, 'lock'), path),
  };
}

/** The platform admin key that an embedded installation keeps, if there is one and this user may read it. */
export async function readAdminKey(dataDirectory: string): Promise<string | undefined> {
  return readSecret(join(dataDirectory, adminKeyFile)).catch(() => undefined);
}

export const adminKeyFile = 'admin-key';

async function readSecret(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new StartupError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
  });
  return text.trim() === '' ? undefined : text.trim();
}

async function readOrCreateSecret(file: string, create: () => string): Promise<{ value: string; isNew: boolean }> {
  const kept = await readSecret(file);
  if (kept !== undefined) return { value: kept, isNew: false };
  // Written aside and linked into place: nobody ever reads half a secret, and of two writers the first wins.
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  const value = create();
  await writeFile(draft, `${value}\n`, { mode: 0o600, flush: true });
  try {
    await link(draft, file);
    return { value, isNew: true };
  } catch (error) {
    const theirs = await readSecret(file);
    if (theirs === undefined) throw error;
    return { value: theirs, isNew: false };
  } finally {
    await rm(draft, { force: true });
  }
}

interface LockHolder {
  pid: number;
  /** When that process started, where the system tells: a pid alone may meanwhile belong to someone else. */
  startedAt: string | null;
}

async function lock(file: string, path: string): Promise<() => Promise<void>> {
  const draft = `${file}.${process.pid}`;
  const self: LockHolder = { pid: process.pid, startedAt: await startOf(process.pid) };
  await writeFile(draft, JSON.stringify(self));
  try {
    for (;;) {
      try {
        await link(draft, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await readHolder(file);
      if (holder !== undefined && (await isHeld(holder))) {
        throw new StartupError(
          `Another Rollcall (process ${holder.pid}) runs on the data directory ${path}: ` +
            'stop it first, or set DATA_DIR to another directory.',
        );
      }
      await rm(file, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(file: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LockHolder;
  } catch {
    return undefined; // gone meanwhile, or cut short by a power loss
  }
}

async function isHeld(holder: LockHolder): Promise<boolean> {
  if (holder.pid === process.pid || !(await isRunning(holder.pid))) return false;
  return holder.startedAt === null || holder.startedAt === (await startOf(holder.pid));
}

/**
 * Makes a directory and what is missing above it. Not by the `recursive` option of `mkdir`: on Node 20 that never ends
 * where the system answers ENOENT although the parent is there, as below /proc.
 */
async function makeDirectory(path: string): Promise<void> {
  const make = (): Promise<void> => mkdir(path, { mode: 0o700 });
  try {
    await make();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path || (await isDirectory(dirname(path)))) throw error;
    await makeDirectory(dirname(path));
    await make();
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
