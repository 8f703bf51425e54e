import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '../../support/free-port.ts';

/** A Redis of one's own on one port for ever, as docker-compose.yml runs it: append-only file, fsync every second. */
export interface OwnRedis {
  readonly url: string;
  readonly port: number;
  /** Holds `appendonlydir`. */
  readonly directory: string;
  pid(): number | undefined;
  /** Starts it with whatever its directory holds. Resolves when it has loaded that and answers. */
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Removes all that it has on disk; it must not run. */
  removeData(): Promise<void>;
  /** Runs commands on a connection of its own. */
  use<T>(work: (client: Redis) => Promise<T>): Promise<T>;
}

/** @param directory its own; made where it is missing */
export async function createOwnRedis(directory: string): Promise<OwnRedis> {
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  const isRunning = (): boolean => server !== undefined && server.exitCode === null && server.signalCode === null;

  const use = async <T>(work: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => undefined); // what fails is told by the command
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  };

  return {
    url,
    port,
    directory,
    pid: () => (isRunning() ? server?.pid : undefined),
    use,
    async start() {
      if (isRunning()) return;
      const words = [
        ...['redis-server', '--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'],
      ];
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...words], { detached: true, stdio: 'ignore' });
      server = child;
      const gone = once(child, 'exit').then(() => Promise.reject(new Error('redis-server does not start')));
      gone.catch(() => undefined); // its end, much later, is no news
      await Promise.race([use((client) => client.ping()), gone, refuseAfter(20_000)]);
    },
    async kill() {
      if (server === undefined || !isRunning()) return;
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    },
    async removeData() {
      if (isRunning()) throw new Error('a running Redis keeps its files open: kill it first');
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
    },
  };
}

async function refuseAfter(ms: number): Promise<never> {
  await sleep(ms, undefined, { ref: false });
  throw new Error('redis-server does not answer');
}
