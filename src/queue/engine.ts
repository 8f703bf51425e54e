import type { Response, Router } from 'express';
import type { Logger } from 'pino';
import sql from 'sql-template-tag';
import type { QueueName } from '../jobs/job.ts';
import { queueNames } from '../jobs/job.ts';
import { replayJobs } from '../jobs/replay.ts';
import type { Database } from '../platform/database.ts';
import type { Cause } from '../sync-log/append.ts';
import type { QueueBackend } from './backend.ts';
import { bullBoardRouter } from './bull-board.ts';
import { startDispatcher, type Dispatcher } from './dispatcher.ts';
import { openPostgresBackend } from './postgres-backend.ts';
import { openRedisBackend } from './redis-backend.ts';
import { concurrency } from './settings.ts';
import { dividedAmong, queuesOver } from './shards.ts';
import { startWorkers, type FinishedJob, type Workers } from './workers.ts';

export interface QueueEngineOptions {
  db: Database;
  /** The same database, for the connections that BullMQ's own Postgres engine keeps. */
  databaseUrl: string;
  /** Absent or null: the queues live in Postgres. */
  redisUrl?: string | null | undefined;
  logger: Logger;
  roles: { dispatch: boolean; work: boolean };
  /** Told about every delivery of a job, for metrics. */
  onJobFinished?: (job: FinishedJob) => void;
  /** Told about every job that was put into its queue for the first time, for metrics. */
  onDispatched?: (job: { queue: QueueName; lagMs: number }) => void;
  /** Told how many users' access a periodic resync found wrong and repaired, for metrics. */
  onDriftRepaired?: (users: number) => void;
  /** Over how many sets of queues the organizations are spread; on Redis only. 1 when left out. */
  queueShards?: number;
  /** Of the keys in Redis. Left out: one that belongs to this database, so that several can share a Redis. */
  redisPrefix?: string;
}

export interface QueueEngine {
  readonly engine: 'redis' | 'postgres';
  /** Says that a job row has been committed. Returns at once and never throws. */
  nudge: Dispatcher['nudge'];
  /**
   * bull-board, without any protection; to be mounted at `/queues` behind some.
   *
   * @param causeOf who sent a request, for the entry of a replay
   */
  router: (causeOf: (res: Response) => Cause) => Router;
  /** Jobs in the engine by queue and state. */
  depth: () => Promise<Record<QueueName, Record<string, number>>>;
  /** @throws when the engine does not answer within two seconds */
  ping: () => Promise<void>;
  /** Stops dispatching, lets running jobs end until the deadline, closes every connection. */
  close: (deadlineMs: number) => Promise<void>;
}

/** Where bull-board is mounted. */
const boardPath = '/queues';

/**
 * Opens the queues, and starts what this process is for: dispatching job rows, working them, or both. Redis may be away
 * at the time; `ping` tells.
 */
export async function startQueueEngine(options: QueueEngineOptions): Promise<QueueEngine> {
  const { db, logger, roles, onJobFinished, onDispatched, onDriftRepaired } = options;
  const shards = await openShards(options);
  const queues = queuesOver(shards);

  const dispatcher: Dispatcher | undefined = roles.dispatch
    ? startDispatcher({ db, queues, logger, onDispatched, isConnected: () => shards.every((one) => one.isConnected()) })
    : undefined;
  const perShard = dividedAmong(concurrency, shards.length);
  const workers: Workers[] = (roles.work ? shards : []).map((backend) =>
    startWorkers({
      db,
      backend,
      logger,
      concurrency: perShard,
      onDriftRepaired,
      onJobFinished: (job) => {
        onJobFinished?.(job);
        // What was done alongside had no place in the queue that another one could have now.
        if (job.alongside !== true) dispatcher?.jobFinished(job);
      },
    }),
  );

  return {
    engine: options.redisUrl == null ? 'postgres' : 'redis',
    nudge: (organizationId) => dispatcher?.nudge(organizationId),
    router: (causeOf) =>
      bullBoardRouter({
        queues: shards.flatMap(({ queues: own }, shard) =>
          queueNames.map((name) => ({
            name,
            queue: own[name].bullmq,
            ...(shards.length === 1 ? {} : { shard }),
          })),
        ),
        basePath: boardPath,
        async replay(filter, res) {
          const { replayed } = await replayJobs(db, filter, { dryRun: false, cause: causeOf(res) });
          if (replayed > 0) dispatcher?.nudge();
          return replayed;
        },
      }),
    async depth() {
      const [membership, mapping] = await Promise.all([
        queues['group-membership'].counts(),
        queues['workspace-mapping'].counts(),
      ]);
      return { 'group-membership': membership, 'workspace-mapping': mapping };
    },
    async ping() {
      await Promise.all(shards.map((shard) => shard.ping()));
    },
    async close(deadlineMs) {
      await dispatcher?.close();
      await Promise.all(workers.map((one) => one.close(deadlineMs)));
      await Promise.all(shards.map((shard) => shard.close()));
    },
  };
}

/** One backend for each shard. On a cluster every shard's keys have a hash tag, so a node, of their own. */
async function openShards(options: QueueEngineOptions): Promise<QueueBackend[]> {
  const { db, databaseUrl, redisUrl, redisPrefix, queueShards = 1, logger } = options;
  if (redisUrl == null) return [await openPostgresBackend({ databaseUrl, logger })];
  const base = redisPrefix ?? (await prefixOf(db));
  return Array.from({ length: queueShards }, (_, shard) =>
    openRedisBackend({ url: redisUrl, prefix: queueShards === 1 ? base : shardPrefix(base, shard), logger }),
  );
}

/** `{rollcall}` → `{rollcall-3}`. */
function shardPrefix(base: string, shard: number): string {
  return base.replace(/\}$/, `-${shard}}`);
}

/**
 * A prefix that belongs to one database. Two installations that share a Redis by mistake, staging and production say,
 * would otherwise take each other's jobs: harmless to the data, since a job without a row does nothing, but a long wait
 * for whoever's job it was. The braces make it a hash tag, as Redis Cluster needs.
 */
async function prefixOf(db: Database): Promise<string> {
  const [row] = await db.query<{ name: string; oid: string }>(sql`
    SELECT datname AS name, oid::text AS oid FROM pg_database WHERE datname = current_database()`);
  return `{rollcall-${row?.name ?? ''}-${row?.oid ?? ''}}`;
}
