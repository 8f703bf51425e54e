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
  /** Of the keys in Redis. Left out: one that belongs to this database, so that several can share a Redis. */
  redisPrefix?: string;
}

export interface QueueEngine {
  readonly engine: 'redis' | 'postgres';
  /** Says that a job row has been committed. Returns at once and never throws. */
  nudge: () => void;
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
  const backend = await openBackend(options);
  const queues = {
    'group-membership': backend.queues['group-membership'].jobs,
    'workspace-mapping': backend.queues['workspace-mapping'].jobs,
  };

  const dispatcher: Dispatcher | undefined = roles.dispatch
    ? startDispatcher({ db, queues, logger, onDispatched, isConnected: () => backend.isConnected() })
    : undefined;
  const workers: Workers | undefined = roles.work
    ? startWorkers({
        db,
        backend,
        logger,
        onDriftRepaired,
        onJobFinished: (job) => {
          onJobFinished?.(job);
          dispatcher?.jobFinished();
        },
      })
    : undefined;

  return {
    engine: backend.engine,
    nudge: () => dispatcher?.nudge(),
    router: (causeOf) =>
      bullBoardRouter({
        queues: queueNames.map((name) => backend.queues[name].bullmq),
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
    ping: () => backend.ping(),
    async close(deadlineMs) {
      await dispatcher?.close();
      await workers?.close(deadlineMs);
      await backend.close();
    },
  };
}

async function openBackend({
  db,
  databaseUrl,
  redisUrl,
  redisPrefix,
  logger,
}: QueueEngineOptions): Promise<QueueBackend> {
  if (redisUrl == null) return openPostgresBackend({ databaseUrl, logger });
  return openRedisBackend({ url: redisUrl, prefix: redisPrefix ?? (await prefixOf(db)), logger });
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
