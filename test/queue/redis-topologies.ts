import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../support/test-services.ts';
import { until } from './harness.ts';

export interface RedisNode {
  readonly port: number;
  readonly client: Redis;
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

/** Three primaries without replicas; each serves a third of the slots. */
export async function startCluster(): Promise<RedisCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  const nodes: RedisNode[] = [];
  for (let index = 0; index < 3; index += 1) {
    const home = join(directory, `node-${index}`);
    await mkdir(home);
    nodes.push(
      await startNode(home, [
        ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500', '--cluster-config-file', 'nodes.conf'],
        ...['--cluster-require-full-coverage', 'no', '--cluster-port', String(await freePort())],
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
    await until(async () => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(await client.cluster('INFO')));
  }
  return {
    url: `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    stop: () => stopAll(nodes, directory),
  };
}

export interface Sentinels {
  /** REDIS_URL of the service. */
  url: string;
  primary: RedisNode;
  replica: RedisNode;
  stop(): Promise<void>;
}

/** A primary, its replica, and one Sentinel that makes the replica primary when the other has been away for a second. */
export async function startSentinels(): Promise<Sentinels> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  const home = async (name: string) => {
    await mkdir(join(directory, name));
    return join(directory, name);
  };
  const primary = await startNode(await home('primary'), []);
  const replica = await startNode(await home('replica'), ['--replicaof', '127.0.0.1', String(primary.port)]);
  await until(async () => (await replica.client.info('replication')).includes('master_link_status:up'));
  // A Sentinel writes what it learns into its configuration.
  const sentinelHome = await home('sentinel');
  const file = join(sentinelHome, 'sentinel.conf');
  await writeFile(
    file,
    [
      `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds main 1000',
      'sentinel failover-timeout main 5000',
    ].join('\n'),
  );
  const sentinel = await startNode(sentinelHome, [], file);
  await until(async () =>
    JSON.stringify(await sentinel.client.call('SENTINEL', 'REPLICAS', 'main')).includes(`${replica.port}`),
  );
  return {
    url: `redis-sentinel://127.0.0.1:${sentinel.port}/main`,
    primary,
    replica,
    stop: () => stopAll([primary, replica, sentinel], directory),
  };
}

/** @param sentinelFile configuration of a Sentinel; left out: a server */
async function startNode(directory: string, words: string[], sentinelFile?: string): Promise<RedisNode> {
  const port = await freePort();
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // not up yet, or killed by the test
  let server: ChildProcess | undefined;
  const node: RedisNode = {
    port,
    client,
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

async function stopAll(nodes: readonly RedisNode[], directory: string): Promise<void> {
  for (const node of nodes) {
    node.client.disconnect();
    await node.kill();
  }
  await rm(directory, { recursive: true, force: true });
}
