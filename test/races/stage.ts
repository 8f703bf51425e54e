import type { Pool } from 'pg';
import sql from 'sql-template-tag';
import { queueNames } from '../../src/jobs/job.ts';
import type { QueueBackend } from '../../src/queue/backend.ts';
import { bullBoardRouter } from '../../src/queue/bull-board.ts';
import { startDispatcher } from '../../src/queue/dispatcher.ts';
import type { QueueEngine, QueueEngineOptions } from '../../src/queue/engine.ts';
import { runMappingJob } from '../../src/queue/mapping-job.ts';
import { openPostgresBackend } from '../../src/queue/postgres-backend.ts';
import { openRedisBackend } from '../../src/queue/redis-backend.ts';
import { startWorkers } from '../../src/queue/workers.ts';
import type { RecentActivity } from '../../src/rate-limit/recent-activity.ts';
import { startService, type EngineName, type TestService } from '../support/service.ts';
import { openLockSessions } from './held-lock.ts';
import { noteJobs } from './job-ledger.ts';

/** So few that a walk over a handful of users has several pages. */
export const usersPerPage = 2;

/** The whole service on one engine, with its queues at hand and sessions that hold locks in its way. */
export interface Stage {
  readonly engine: EngineName;
  readonly service: TestService;
  readonly queues: QueueBackend['queues'];
  readonly sessions: Pool;
  /** Tells the dispatcher that a job row has been committed, as every request does. */
  nudge(): void;
  /** How many deadlocks Postgres has resolved in this database; they are repeated, so that no client sees them. */
  deadlocks(): Promise<number>;
  close(): Promise<void>;
}

export async function openStage(engine: EngineName): Promise<Stage> {
  let queues: QueueBackend['queues'] | undefined;
  let nudge: () => void = () => undefined;
  const service = await startService({
    engine,
    startQueues: async (options) => {
      const backend = await openBackend(options);
      const queueEngine = wireQueues(backend, options);
      ({ queues } = backend);
      ({ nudge } = queueEngine);
      return queueEngine;
    },
  });
  const opened = queues;
  if (opened === undefined) throw new Error('the service starts its queues');
  await noteJobs(service.db);
  const sessions = openLockSessions(service.databaseUrl);
  return {
    engine,
    service,
    queues: opened,
    sessions,
    nudge: () => nudge(),
    deadlocks: async () => {
      const [row] = await service.db.query<{ deadlocks: number }>(sql`
        SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`);
      return row?.deadlocks ?? 0;
    },
    close: async () => {
      await sessions.end();
      // The Redis of the tests is shared; nothing is to stay in it.
      for (const { bullmq } of Object.values(opened)) await bullmq.obliterate({ force: true });
      await service.close();
    },
  };
}

async function openBackend({ databaseUrl, redisUrl, logger }: QueueEngineOptions): Promise<QueueBackend> {
  if (redisUrl == null) return openPostgresBackend({ databaseUrl, logger });
  return openRedisBackend({ url: redisUrl, prefix: `{${new URL(databaseUrl).pathname.slice(1)}}`, logger });
}

/**
 * Each race has an organization of its own, and those of the races before it are still taken for active, beside whom it
 * would have one delivery at a time: two jobs of a user would hardly ever meet.
 */
const alone: RecentActivity = { note: () => undefined, hasOthers: () => false, hasSeveral: () => false };

/** As `startQueueEngine` does, but walks take small pages, and nobody is taken for active beside others. */
function wireQueues(backend: QueueBackend, { db, logger, onJobFinished }: QueueEngineOptions): QueueEngine {
  const queues = {
    'group-membership': backend.queues['group-membership'].jobs,
    'workspace-mapping': backend.queues['workspace-mapping'].jobs,
  };
  const isConnected = () => backend.isConnected();
  const dispatcher = startDispatcher({ db, queues, logger, isConnected, activity: alone });
  const workers = startWorkers({
    db,
    backend,
    logger,
    onJobFinished: (job) => {
      onJobFinished?.(job);
      if (job.alongside !== true) dispatcher.jobFinished(job);
    },
    runners: { 'workspace-mapping': (run) => runMappingJob(run, usersPerPage) },
  });
  return {
    engine: backend.engine,
    nudge: (organizationId) => dispatcher.nudge(organizationId),
    router: () =>
      bullBoardRouter({
        queues: queueNames.map((name) => ({ name, queue: backend.queues[name].bullmq })),
        basePath: '/queues',
        replay: () => Promise.resolve(0),
      }),
    depth: async () => ({
      'group-membership': await queues['group-membership'].counts(),
      'workspace-mapping': await queues['workspace-mapping'].counts(),
    }),
    ping: () => backend.ping(),
    async close(deadlineMs) {
      await dispatcher.close();
      await workers.close(deadlineMs);
      await backend.close();
    },
  };
}
