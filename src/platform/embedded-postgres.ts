import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataDirectory } from './data-directory.ts';
import type { Logger } from './logger.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { createPostgresFiles, givePostgresFiles } from './postgres-files.ts';
import { choosePostgresLaunch, postgresEnvironment } from './postgres-launch.ts';
import { awaitFreeDirectory, readPostmaster } from './postmaster-file.ts';
import { StartupError } from './startup-error.ts';

export interface EmbeddedPostgres {
  /** Stays the same for as long as this process runs, also when the server had to be started again. */
  readonly url: string;
  /** Ends the server; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  dataDirectory: DataDirectory;
  logger: Pick<Logger, 'info' | 'error' | 'warn'>;
  /** Called when the server ended by itself and could not be started again. */
  onLost: (error: Error) => void;
  /** Further settings, `name=value`. */
  settings?: string[];
}

const user = 'rollcall';
const database = 'rollcall';
const passwordFile = 'postgres-password';

/** Recovery after a crash replays the log first; nothing here is large enough for that to take longer. */
const readyWithinMs = 120_000;
/** How long other programs may stay connected while the server is to stop. */
const lastWordsMs = 500;
/** A fast shutdown writes a checkpoint; one that takes longer is cut short, and the next start recovers. */
const stopWithinMs = 10_000;
/** So many starts in a row have failed: the next one would too. */
const restarts = 5;

/**
 * Starts a Postgres of our own in the data directory, creating it at the first start. It listens on the loopback
 * interface, on a free port, and takes a password that only the owner of the data directory can read.
 *
 * @throws StartupError when another process runs one there, or it cannot be started
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDirectory } = options;
  const unlock = await dataDirectory.lock();
  try {
    const server = await startServer(options);
    return {
      url: server.url,
      stop: async () => {
        await server.stop();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** The URL of a server that another process runs in this data directory at the moment, for a look from outside. */
export async function runningEmbeddedPostgresUrl(dataDirectory: string): Promise<string | undefined> {
  const postmaster = await readPostmaster(join(dataDirectory, 'postgres'));
  const password = await readFile(join(dataDirectory, passwordFile), 'utf8').catch(() => undefined);
  if (postmaster === undefined || password === undefined) return undefined;
  return urlFor(postmaster.port, password.trim(), database);
}

interface Server {
  url: string;
  stop(): Promise<void>;
}

async function startServer({ dataDirectory, logger, onLost, settings = [] }: EmbeddedPostgresOptions): Promise<Server> {
  const binaries = await findPostgresBinaries();
  const directory = join(dataDirectory.path, 'postgres');
  const logFile = join(dataDirectory.path, 'postgres.log');
  const { value: password } = await dataDirectory.secret(passwordFile, () => randomBytes(24).toString('base64url'));
  const owner = await stat(directory).then(
    ({ uid }) => uid,
    () => null,
  );
  const launch = await choosePostgresLaunch(binaries.postgres, owner);
  if (owner === null) {
    logger.info('creating the embedded database');
    await createPostgresFiles({ binaries, launch, directory, user, password });
  } else if (launch.fileOwner !== null && launch.fileOwner !== owner) {
    await givePostgresFiles(directory, launch.fileOwner);
  }
  // The log of the run before is kept, to tell why that one ended.
  await rename(logFile, `${logFile}.old`).catch(() => undefined);
  const log = await open(logFile, 'a', 0o600);

  const start = (port: number): ChildProcess => {
    const words = [
      ...launch.prefix,
      binaries.postgres,
      ...['-D', directory, '-p', String(port)],
      ...[...serverSettings, ...settings].flatMap((setting) => ['-c', setting]),
    ];
    // A group of its own: Ctrl-C in a terminal reaches us alone, and we stop the server when the work has drained.
    return spawn(words[0] ?? binaries.postgres, words.slice(1), {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: postgresEnvironment(),
    });
  };

  let stopping = false;
  let child: ChildProcess;
  let port: number;

  const supervise = (): void => {
    child.once('exit', () => {
      if (stopping) return;
      logger.error(
        { reason: `${child.exitCode ?? child.signalCode}` },
        'the embedded Postgres ended; starting it again',
      );
      void restart().catch((error: unknown) => onLost(error as Error));
    });
  };

  const restart = async (): Promise<void> => {
    for (let attempt = 1; !stopping; attempt += 1) {
      try {
        await awaitFreeDirectory(directory);
        child = start(port);
        await awaitReady(child, urlFor(port, password, 'postgres'), logFile);
        supervise();
        return;
      } catch (error) {
        if (attempt >= restarts) throw error;
        await sleep(attempt * 500);
      }
    }
  };

  // The port was free a moment ago; should somebody have taken it since, another one will do.
  for (let attempt = 1; ; attempt += 1) {
    await awaitFreeDirectory(directory);
    port = await freePort();
    child = start(port);
    try {
      await awaitReady(child, urlFor(port, password, 'postgres'), logFile);
      break;
    } catch (error) {
      await end(child);
      if (attempt >= 3 || !/could not bind|Address already in use/.test(await tail(logFile))) {
        await log.close();
        throw error;
      }
    }
  }
  supervise();
  await createDatabase(urlFor(port, password, 'postgres'));

  return {
    url: urlFor(port, password, database),
    stop: async () => {
      stopping = true;
      await end(child);
      await log.close();
    },
  };
}

const serverSettings = [
  // By number: "localhost" does not resolve everywhere. No socket: its path would be too long in deep directories.
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'timezone=UTC',
  'log_timezone=UTC',
  // What the server itself has to say. Errors of statements (a duplicate key at each 409) are handled and logged by us.
  'log_min_messages=log',
  'log_checkpoints=off',
];

async function awaitReady(child: ChildProcess, url: string, logFile: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const deadline = Date.now() + readyWithinMs;
  while (Date.now() < deadline) {
    if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) break;
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined); // a connection that is cut off shows in the failing query too
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch {
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  const lines = (await tail(logFile)).split('\n').filter((line) => /FATAL|PANIC|error/i.test(line));
  const reason = failure?.message ?? lines.at(-1)?.replace(/^.*?(FATAL|PANIC):\s*/, '') ?? 'it did not become ready';
  throw new StartupError(`The embedded Postgres does not start: ${reason}. Its log is ${logFile}.`);
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${database}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42P04')) throw error; // duplicate_database: a later start
  } finally {
    await client.end();
  }
}

/**
 * Ends the server by escalating means: when the last connection is closed (ours are, but their last words may still be
 * on the way), at once with a checkpoint, at once without one (the next start recovers), and by force.
 */
async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise<true>((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) resolve(true);
    else child.once('exit', () => resolve(true));
  });
  const means = [
    ['SIGTERM', lastWordsMs],
    ['SIGINT', stopWithinMs],
    ['SIGQUIT', stopWithinMs],
    ['SIGKILL', stopWithinMs],
  ] as const;
  for (const [signal, withinMs] of means) {
    child.kill(signal);
    if (await Promise.race([ended, sleep(withinMs, false, { ref: false })])) return;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', resolve);
  });
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function tail(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).slice(-4_000);
}

function urlFor(port: number, password: string, name: string): string {
  return `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${name}`;
}
