import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findPostgresBinaries } from '../../../src/platform/postgres-binaries.ts';
import { createPostgresFiles } from '../../../src/platform/postgres-files.ts';
import { choosePostgresLaunch, postgresEnvironment } from '../../../src/platform/postgres-launch.ts';
import { runAsAdmin } from '../../support/database.ts';
import { freePort } from '../../support/free-port.ts';

/** A whole Postgres of one's own, on one port for ever, to be killed, stopped and started again. fsync is on. */
export interface OwnPostgres {
  /** A superuser's URL of the database that the service uses. */
  readonly url: string;
  readonly port: number;
  /** Where the server's files are; `log` beside it. */
  readonly directory: string;
  /** The postmaster; undefined while none runs. */
  pid(): number | undefined;
  /** The postmaster's children: backends, checkpointer, log writer and so on. */
  children(): Promise<number[]>;
  /** Starts it, after a crash too: leftovers of the postmaster are removed first. Resolves when it answers. */
  start(): Promise<void>;
  /** kill -9 of the postmaster and all of its children, as a power loss without the machine. */
  killAll(): Promise<void>;
  /** A stop by signal: SIGINT is a fast shutdown, SIGTERM waits for clients. Resolves when it has ended. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<void>;
}

export interface OwnPostgresOptions {
  /** An existing directory; the server's files go below it. */
  directory: string;
  /** Further settings, `name=value`; the last one of a name counts. */
  settings?: readonly string[];
}

const user = 'rollcall';
const database = 'rollcall';

const defaultSettings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'timezone=UTC',
  'log_timezone=UTC',
  // Two api and two worker processes with their queue pools, observers, and what a scenario holds on purpose.
  'max_connections=200',
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  // For `history.ts`, which asks when a transaction was committed.
  'track_commit_timestamp=on',
];

/** Recovery replays little here; a slow disk gets its time. */
const readyWithinMs = 60_000;

/** Creates the server's files. Not started yet. */
export async function createOwnPostgres({ directory, settings = [] }: OwnPostgresOptions): Promise<OwnPostgres> {
  const binaries = await findPostgresBinaries();
  const launch = await choosePostgresLaunch(binaries.postgres, null);
  const files = join(directory, 'postgres');
  const password = randomBytes(12).toString('base64url');
  await mkdir(directory, { recursive: true });
  await createPostgresFiles({ binaries, launch, directory: files, user, password });
  const port = await freePort();
  const urlOf = (name: string): string => `postgres://${user}:${password}@127.0.0.1:${port}/${name}`;
  const logFile = join(directory, 'postgres.log');

  let server: ChildProcess | undefined;
  const isRunning = (): boolean => server !== undefined && server.exitCode === null && server.signalCode === null;
  const ended = async (): Promise<void> => {
    const child = server;
    if (child === undefined || !isRunning()) return;
    await new Promise((resolve) => child.once('exit', resolve));
  };

  const children = async (): Promise<number[]> => {
    const parent = isRunning() ? server?.pid : undefined;
    return parent === undefined ? [] : childrenOf(parent);
  };

  return {
    url: urlOf(database),
    port,
    directory: files,
    pid: () => (isRunning() ? server?.pid : undefined),
    children,
    async start() {
      if (isRunning()) return;
      await rm(join(files, 'postmaster.pid'), { force: true });
      const log = await open(logFile, 'a');
      const words = [
        ...launch.prefix,
        binaries.postgres,
        ...['-D', files, '-p', `${port}`],
        ...[...defaultSettings, ...settings].flatMap((setting) => ['-c', setting]),
      ];
      server = spawn(words[0] ?? binaries.postgres, words.slice(1), {
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: postgresEnvironment(),
      });
      await log.close();
      await awaitAnswer(urlOf('postgres'), isRunning, logFile);
      await createDatabase(urlOf('postgres'));
    },
    async killAll() {
      const doomed = await children();
      // The postmaster first: it would start a child anew, and its children end by themselves when it is gone.
      server?.kill('SIGKILL');
      for (const pid of doomed) killQuietly(pid);
      await ended();
      while ((await Promise.all(doomed.map(isAlive))).includes(true)) await sleep(5);
    },
    async stop(signal = 'SIGINT') {
      server?.kill(signal);
      await ended();
    },
  };
}

async function awaitAnswer(url: string, isRunning: () => boolean, logFile: string): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  while (isRunning() && Date.now() < deadline) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return;
    } catch {
      await sleep(20);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  const log = await readFile(logFile, 'utf8').catch(() => '');
  throw new Error(`Postgres does not start:\n${log.slice(-2_000)}`);
}

async function createDatabase(url: string): Promise<void> {
  try {
    await runAsAdmin(url, `CREATE DATABASE ${database}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42P04')) throw error; // there from the start before
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function isAlive(pid: number): Promise<boolean> {
  const state = (await statusOf(pid))?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await statusOf(pid))?.parent === parent ? pid : null)));
  return found.filter((pid) => pid !== null);
}

/** From /proc/<pid>/stat, where a name in parentheses, which may hold anything, stands before the fields. */
async function statusOf(pid: number): Promise<{ state: string; parent: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const [state, parent] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined || parent === undefined ? undefined : { state, parent: Number(parent) };
}
