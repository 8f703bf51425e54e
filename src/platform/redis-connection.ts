import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { parseRedisUrl } from './redis-url.ts';

/** A connection to Redis, whichever way it is built. */
export type RedisConnection = Redis | Cluster;

/** What a connection does when its server is slow or away; everything else follows from REDIS_URL. */
export interface RedisManners {
  connectionName: string;
  /** False: commands fail at once while there is no connection. Left out: they wait for it. */
  enableOfflineQueue?: boolean;
  /** null: for ever. */
  maxRetriesPerRequest: number | null;
  /** A command without an answer fails after so many milliseconds. */
  commandTimeout?: number;
  /** A connection without an answer for so many milliseconds is taken for dead and opened anew. */
  socketTimeout?: number;
  /** How long to wait before the nth attempt to reconnect, in milliseconds. */
  retryStrategy: (attempt: number) => number;
}

const connectTimeoutMs = 5_000;
const keepAliveMs = 10_000;

/** How long a node may take to say which slots it serves. */
const slotsRefreshTimeoutMs = 2_000;

/**
 * Connects to the server, to the primary that the Sentinels name, or to the cluster. Returns at once; the connection
 * is made in the background and made again whenever it is lost, after a failover to the new primary.
 *
 * @param url REDIS_URL, see {@link parseRedisUrl}
 */
export function connectRedis(
  url: string,
  { enableOfflineQueue = true, retryStrategy, ...manners }: RedisManners,
): RedisConnection {
  const place = parseRedisUrl(url);
  const perNode = {
    ...manners,
    connectTimeout: connectTimeoutMs,
    keepAlive: keepAliveMs,
    ...(place.username === '' ? {} : { username: place.username }),
    ...(place.password === '' ? {} : { password: place.password }),
    ...(place.tls ? { tls: {} } : {}),
  } satisfies RedisOptions;
  const [first = { host: '127.0.0.1', port: 6379 }] = place.hosts;
  switch (place.kind) {
    case 'standalone':
      return new Redis({ ...perNode, ...first, db: place.database, enableOfflineQueue, retryStrategy });
    case 'sentinel':
      return new Redis({
        ...perNode,
        sentinels: [...place.hosts],
        name: place.primaryName,
        db: place.database,
        enableOfflineQueue,
        retryStrategy,
        sentinelRetryStrategy: retryStrategy,
        // Sentinels announce a new primary; without listening, a connection to one that hangs would stay.
        failoverDetector: true,
        enableTLSForSentinelMode: place.tls,
        ...(place.tls ? { sentinelTLS: {} } : {}),
        ...(place.sentinelUsername === '' ? {} : { sentinelUsername: place.sentinelUsername }),
        ...(place.sentinelPassword === '' ? {} : { sentinelPassword: place.sentinelPassword }),
      });
    case 'cluster':
      return new Cluster([...place.hosts], {
        enableOfflineQueue,
        clusterRetryStrategy: retryStrategy,
        // A node that restarts keeps its slots, so nothing but this would bring its connection back.
        clusterNodeRetryStrategy: retryStrategy,
        slotsRefreshTimeout: slotsRefreshTimeoutMs,
        redisOptions: perNode,
      });
  }
}
