import { Queue, Worker } from 'bullmq';
import type { Logger } from 'pino';
import { queueNames, type QueueName } from '../jobs/job.ts';
import { connectRedis, type RedisConnection } from '../platform/redis-connection.ts';
import type { OpenQueue, QueueBackend } from './backend.ts';
import { connectionErrorLogger } from './connection-errors.ts';
import { jobQueue, type JobReference } from './job-queue.ts';
import {
  attempts,
  backoff,
  lockDurationMs,
  maxStalledCount,
  producerSilenceMs,
  producerTimeoutMs,
  reconnectDelayMs,
  retention,
  runRetryDelayMs,
  stalledIntervalMs,
  workerSilenceMs,
} from './settings.ts';

export interface RedisBackendOptions {
  /** REDIS_URL: one server, Sentinels or a cluster. */
  url: string;
  /** Of every key; the braces make it a hash tag, so that on a cluster all keys of a queue share a slot. */
  prefix: string;
  logger: Logger;
}

/**
 * BullMQ on Redis. It opens while Redis is away and works as soon as it is there.
 *
 * Two kinds of connection with opposite manners. The producer refuses at once when Redis is down and after two seconds
 * when it is frozen, because somebody waits and the job row is safe anyway. Workers wait for ever, because waiting is
 * their job.
 */
export function openRedisBackend({ url, prefix, logger }: RedisBackendOptions): QueueBackend {
  const producer = connectRedis(url, {
    retryStrategy: reconnectDelayMs,
    connectionName: 'rollcall-producer',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: producerTimeoutMs,
    socketTimeout: producerSilenceMs,
  });
  producer.on('error', connectionErrorLogger(logger, 'redis producer'));

  const open = (name: QueueName): OpenQueue => {
    const queue = new Queue<JobReference>(name, {
      connection: producer,
      prefix,
      skipWaitingForReady: true,
      skipVersionCheck: true,
      defaultJobOptions: { attempts, backoff, ...retention.redis },
    });
    queue.on('error', connectionErrorLogger(logger, `queue ${name}`));
    return { jobs: jobQueue(name, queue, { fewAtOnce: 0 }), bullmq: queue };
  };
  const queues: Record<QueueName, OpenQueue> = {
    'group-membership': open('group-membership'),
    'workspace-mapping': open('workspace-mapping'),
  };

  const workerConnections: RedisConnection[] = [];
  return {
    engine: 'redis',
    queues,
    isConnected: () => producer.status === 'ready',
    createWorker(name, processor, concurrency) {
      const connection = connectRedis(url, {
        retryStrategy: reconnectDelayMs,
        connectionName: `rollcall-worker-${name}`,
        maxRetriesPerRequest: null,
        socketTimeout: workerSilenceMs,
      });
      connection.on('error', connectionErrorLogger(logger, `redis worker ${name}`));
      workerConnections.push(connection);
      const worker = new Worker<JobReference>(name, processor, {
        connection,
        prefix,
        concurrency,
        lockDuration: lockDurationMs,
        stalledInterval: stalledIntervalMs,
        maxStalledCount,
        runRetryDelay: runRetryDelayMs,
        skipVersionCheck: true,
        ...retention.redis,
      });
      worker.on('error', connectionErrorLogger(logger, `worker ${name}`));
      return worker;
    },
    async ping() {
      await producer.ping();
    },
    async close() {
      // Closing a queue waits for its connection to become ready, for ever when Redis is away: cut the connections.
      for (const name of queueNames) queues[name].bullmq.close().catch(() => undefined);
      for (const connection of [producer, ...workerConnections]) connection.disconnect();
    },
  };
}
