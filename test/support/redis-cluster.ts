import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';

export interface RedisNode {
  readonly port: number;
  readonly client: Redis;
  /** 0 before it has started. */
  readonly pid: number;
  /** As a power cut does: nothing is said, and what was not on disk is lost. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface RedisCluster {
  /** REDIS_URL of the service. */
  url: string;
  nodes: RedisNode[];
  stop(): Promise<void>;
}

const slots = 16_384;

/**
 * Three primaries without replicas; each serves a third of the slots.
 *
 * @param words further settings of each
 */
export async function startCluster(words: readonly string[] = []): Promise<RedisCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  const nodes: RedisNode[] = [];
  for (let index = 0; index < 3; index += 1) {
    const home = join(directory, `node-${index}`);
    await mkdir(home);
    nodes.push(
      await startNode(home, [
        ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500', '--cluster-config-file', 'nodes.conf'],
        ...['--cluster-require-full-coverage', 'no', '--cluster-port', String(await freePort())],
        ...words,
      ]),
    );
  }
  await Promise.all(
    nodes.map(({ client }, index) =>
      client.call(
        'CLUSTER',
        'ADDSLOTSRANGE',
        Math.floor((index * slots) / 3),
        Math.floor(((index + 1) * slots) / 3) - 1,
      ),
    ),
  );
  const [first] = nodes;
  if (first === undefined) throw new Error('a cluster has nodes');
  const busPort = (node: RedisNode) => node.client.config('GET', 'cluster-port') as Promise<[string, string]>;
  for (const node of nodes.slice(1)) {
    const [, port] = await busPort(node);
    await first.client.call('CLUSTER', 'MEET', '127.0.0.1', node.port, port);
  }
  for (const { client } of nodes) {
    while (!/cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(await client.cluster('INFO'))) await sleep(20);
  }
  return {
    url: `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    stop: () => stopNodes(nodes, directory),
  };
}

/** @param sentinelFile configuration of a Sentinel; left out: a server */
export async function startNode(directory: string, words: string[], sentinelFile?: string): Promise<RedisNode> {
  const port = await freePort();
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // not up yet, or killed
  let server: ChildProcess | undefined;
  const node: RedisNode = {
    port,
    client,
    get pid() {
      return server?.pid ?? 0;
    },
    async start() {
      const common = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
      const role = sentinelFile === undefined ? ['--save', '', '--appendonly', 'no', ...words] : ['--sentinel'];
      server = spawn('redis-server', [...(sentinelFile === undefined ? [] : [sentinelFile]), ...common, ...role], {
        stdio: 'ignore',
      });
      await client.ping();
    },
    async kill() {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    },
  };
  await node.start();
  return node;
}

export async function stopNodes(nodes: readonly RedisNode[], directory: string): Promise<void> {
  for (const node of nodes) {
    node.client.disconnect();
    await node.kill();
  }
  await rm(directory, { recursive: true, force: true });
}
