import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from '../support/free-port.ts';
import { until } from './harness.ts';

export interface OwnRedis {
  readonly url: string;
  start(): Promise<void>;
  /** What was not persisted is lost. */
  kill(): Promise<void>;
  /** Alive, but answers nothing. */
  freeze(): void;
  thaw(): void;
}

/**
 * A Redis of the test's own, to be killed and frozen. Not started yet.
 *
 * @param persistence where and how it keeps what it holds; left out: it comes back empty
 */
export async function ownRedis(persistence?: { directory: string; form: 'rdb' | 'aof' }): Promise<OwnRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | undefined;
  return {
    url,
    async start() {
      server = spawn(
        'redis-server',
        [
          ...['--port', String(port), '--bind', '127.0.0.1', '--save', ''],
          ...['--appendonly', persistence?.form === 'aof' ? 'yes' : 'no', '--appendfsync', 'always'],
          ...(persistence === undefined ? [] : ['--dir', persistence.directory]),
        ],
        {
          stdio: 'ignore',
        },
      );
      const client = new Redis(url, { retryStrategy: () => 20 });
      client.on('error', () => undefined);
      await until(() => client.status === 'ready');
      client.disconnect();
    },
    async kill() {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    },
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
  };
}
