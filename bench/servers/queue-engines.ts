import { startCluster } from '../../test/support/redis-cluster.ts';
import { hasRedisServer } from '../../test/support/test-services.ts';
import { startRedisServer } from './redis-server.ts';

export const engineNames = ['postgres', 'redis', 'cluster'] as const;
export type EngineName = (typeof engineNames)[number];

/** Where the queues are. */
export interface QueueEngine {
  name: EngineName;
  /** null: in Postgres. */
  redisUrl: string | null;
  queueShards: number;
  /** Of every Redis that takes part. */
  redisPids: number[];
}

export interface QueueEngines {
  /** Starts what is needed and does not run yet. What this machine has no redis-server for is left out. */
  choose(names: readonly EngineName[]): Promise<QueueEngine[]>;
  stop(): Promise<void>;
}

/** Twice as many as nodes: each node has some, and a cluster of this size is not all overhead. */
const shardsOfCluster = 6;

/** The queue engines of the run; servers are started when they are first asked for. */
export function queueEngines(directory: string): QueueEngines {
  const stops: (() => Promise<void>)[] = [];
  const started = new Map<EngineName, Promise<QueueEngine>>();
  const start = async (name: EngineName): Promise<QueueEngine> => {
    switch (name) {
      case 'postgres':
        return { name, redisUrl: null, queueShards: 1, redisPids: [] };
      case 'redis': {
        const redis = await startRedisServer(directory);
        stops.push(() => redis.stop());
        return { name, redisUrl: redis.url, queueShards: 1, redisPids: [redis.pid] };
      }
      case 'cluster': {
        const cluster = await startCluster(['--appendonly', 'yes', '--appendfsync', 'everysec']);
        stops.push(() => cluster.stop());
        const redisPids = cluster.nodes.map(({ pid }) => pid);
        return { name, redisUrl: cluster.url, queueShards: shardsOfCluster, redisPids };
      }
    }
  };
  return {
    async choose(names) {
      const installed = await hasRedisServer();
      if (!installed) console.log('\nredis-server is not installed: the Redis engines are not measured.');
      const possible = names.filter((name) => name === 'postgres' || installed);
      const engines: QueueEngine[] = [];
      for (const name of possible) {
        const engine = started.get(name) ?? start(name);
        started.set(name, engine);
        engines.push(await engine);
      }
      return engines;
    },
    async stop() {
      for (const stop of stops.splice(0)) await stop();
    },
  };
}
