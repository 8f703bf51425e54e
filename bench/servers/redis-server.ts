import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from '../../test/support/free-port.ts';

export interface RedisServer {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** A Redis of the run, appending to its log once a second as deployments do. */
export async function startRedisServer(directory: string): Promise<RedisServer> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', ''];
  const child = spawn('redis-server', [...words, '--appendonly', 'yes', '--appendfsync', 'everysec'], {
    stdio: 'ignore',
    detached: true,
  });
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // not listening yet
  await client.ping();
  client.disconnect();
  return {
    pid: child.pid ?? 0,
    url,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL'); // nothing in it is kept
      await ended;
    },
  };
}
