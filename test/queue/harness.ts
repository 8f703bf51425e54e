import { Redis } from 'ioredis';
import { pino } from 'pino';
import { inject } from 'vitest';
import { startDispatcher, type Dispatcher, type DispatcherOptions } from '../../src/queue/dispatcher.ts';
import type { QueueBackend } from '../../src/queue/backend.ts';
import { openPostgresBackend } from '../../src/queue/postgres-backend.ts';
import { openRedisBackend } from '../../src/queue/redis-backend.ts';
import { startWorkers, type FinishedJob, type Workers, type WorkersOptions } from '../../src/queue/workers.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

export type Engine = 'redis' | 'postgres';

const redisUrl = inject('redisUrl');

/** Both engines; without a Redis its tests are reported as skipped. */
export const engines: { engine: Engine; skip: boolean }[] = [
  { engine: 'redis', skip: redisUrl === null },
  { engine: 'postgres', skip: false },
];

export const silent = pino({ level: 'silent' });

export interface Rig {
  db: TestDatabase;
  backend: QueueBackend;
  /** Of the keys in Redis. */
  prefix: string;
  finished: FinishedJob[];
  startWorkers(over?: Partial<WorkersOptions>): Workers;
  startDispatcher(over?: Partial<DispatcherOptions>): Dispatcher;
  /** Loses everything that the queue holds, as a Redis that comes back empty does. */
  wipeQueue(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A database, queues of their own on the given engine, and whatever the test starts on them; `close` ends it all.
 *
 * @param ownRedisUrl a Redis that the test has to itself, instead of the one that all share
 */
export async function createRig(engine: Engine, ownRedisUrl?: string): Promise<Rig> {
  const db = await createTestDatabase(20);
  const prefix = `{${new URL(db.url).pathname.slice(1)}}`;
  const backend =
    engine === 'redis'
      ? openRedisBackend({ url: ownRedisUrl ?? redisUrl ?? '', prefix, logger: silent })
      : await openPostgresBackend({ databaseUrl: db.url, logger: silent });
  await until(() => backend.isConnected());
  const closers: (() => Promise<unknown>)[] = [];
  const finished: FinishedJob[] = [];
  return {
    db,
    backend,
    prefix,
    finished,
    startWorkers(over = {}) {
      const workers = startWorkers({
        db,
        backend,
        logger: silent,
        onJobFinished: (job) => finished.push(job),
        ...over,
      });
      closers.push(() => workers.close(5_000));
      return workers;
    },
    startDispatcher(over = {}) {
      const queues = {
        'group-membership': backend.queues['group-membership'].jobs,
        'workspace-mapping': backend.queues['workspace-mapping'].jobs,
      };
      const dispatcher = startDispatcher({
        db,
        queues,
        logger: silent,
        isConnected: () => backend.isConnected(),
        ...over,
      });
      closers.push(() => dispatcher.close());
      return dispatcher;
    },
    async wipeQueue() {
      if (engine === 'redis') await deleteKeys(prefix);
      else await db.pool.query('TRUNCATE bullmq.job CASCADE');
    },
    async close() {
      for (const closer of closers.reverse()) await closer();
      await backend.close();
      if (engine === 'redis' && ownRedisUrl === undefined) await deleteKeys(prefix);
      await db.close();
    },
  };
}

async function deleteKeys(prefix: string): Promise<void> {
  const redis = new Redis(redisUrl ?? '');
  try {
    const keys = await redis.keys(`${prefix.replaceAll(/[[\]*?\\]/g, '\\$&')}:*`);
    if (keys.length > 0) await redis.del(...keys);
  } finally {
    redis.disconnect();
  }
}

/** Polls until `condition` holds; the test's own time limit ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}
