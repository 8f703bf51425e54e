import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { openDataDirectory } from '../../src/platform/data-directory.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

export interface TestServices {
  /** A superuser's URL of the database `postgres`. */
  postgresUrl: string;
  /** Null where there is no redis-server on this machine. */
  redisUrl: string | null;
  stop: () => Promise<void>;
}

/**
 * What tests run against: the servers that TEST_POSTGRES_URL and TEST_REDIS_URL name, and for what they do not name, a
 * server of our own on a free port, in a temporary directory, that ends with this process.
 */
export async function startTestServices(): Promise<TestServices> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.toReversed()) await stopOne();
  };
  try {
    let postgresUrl = process.env['TEST_POSTGRES_URL'];
    if (postgresUrl === undefined) {
      const postgres = await startPostgres(join(directory, 'data'));
      stops.push(postgres.stop);
      postgresUrl = postgres.url;
    }
    let redisUrl = process.env['TEST_REDIS_URL'] ?? null;
    if (redisUrl === null && (await hasRedisServer())) {
      const redis = await startRedis(directory);
      stops.push(redis.stop);
      redisUrl = redis.url;
    }
    return { postgresUrl, redisUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function hasRedisServer(): Promise<boolean> {
  return run('redis-server', ['--version']).then(
    () => true,
    () => false,
  );
}

async function startPostgres(path: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const postgres = await startEmbeddedPostgres({
    dataDirectory: await openDataDirectory(path),
    logger: createLogger({ level: 'warn', role: 'test' }),
    onLost: (error) => console.error(error),
    // Every file of tests has databases and pools of its own. What is lost in a crash of the machine is not missed.
    settings: ['max_connections=300', 'fsync=off', 'full_page_writes=off'],
  });
  const url = new URL(postgres.url);
  url.pathname = '/postgres';
  return { url: url.href, stop: () => postgres.stop() };
}

async function startRedis(directory: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--appendonly', 'no'];
  const child =
    process.platform === 'linux'
      ? spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...words], { detached: true, stdio: 'ignore' })
      : spawn('redis-server', words, { detached: true, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const url = `redis://127.0.0.1:${port}`;
  await awaitRedis(url, child);
  return {
    url,
    stop: async () => {
      child.kill('SIGKILL'); // nothing in it is kept
      await ended;
    },
  };
}

async function awaitRedis(url: string, child: ChildProcess): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // not listening yet
  try {
    await Promise.race([
      client.ping(),
      sleep(10_000, undefined, { ref: false }).then(() => Promise.reject(new Error('redis-server did not start'))),
    ]);
    if (child.exitCode !== null) throw new Error('redis-server ended at once');
  } finally {
    client.disconnect();
  }
}
