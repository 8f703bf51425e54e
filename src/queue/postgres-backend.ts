import { createPostgresBackend, runMigrations, withBackend, type PgPool, type Queue } from 'bullmq';
import pg from 'pg';
import type { Logger } from 'pino';
import type { QueueName } from '../jobs/job.ts';
import type { OpenQueue, QueueBackend } from './backend.ts';
import { keepCleaning } from './clean-ended-jobs.ts';
import { connectionErrorLogger } from './connection-errors.ts';
import { jobQueue, type JobReference } from './job-queue.ts';
import {
  attempts,
  backoff,
  commandSilenceMs,
  concurrency as concurrencyByQueue,
  lockDurationMs,
  maxStalledCount,
  producerTimeoutMs,
  retention,
  runRetryDelayMs,
  stalledIntervalMs,
} from './settings.ts';

/** BullMQ's tables live beside ours, in a schema of their own. */
const schema = 'bullmq';

/**
 * Connections of the one pool that queues and workers share. Every worker pins one for LISTEN; a pool that is too small
 * does not fail, it silently works nothing. The rest is for commands, of which each running job has one at a time.
 */
const poolSize =
  Object.keys(concurrencyByQueue).length +
  Math.max(
    4,
    Object.values(concurrencyByQueue).reduce((a, b) => a + b, 0),
  );

/** To add in bulk makes two temporary tables each time, which takes longer than adding so many. */
const fewAtOnce = 8;

export interface PostgresBackendOptions {
  databaseUrl: string;
  logger: Logger;
}

/** BullMQ on the PostgreSQL that holds everything else. Its tables are brought up to date first. */
export async function openPostgresBackend({ databaseUrl, logger }: PostgresBackendOptions): Promise<QueueBackend> {
  await migrateQueueTables(databaseUrl);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: poolSize,
    application_name: 'rollcall-queue',
    connectionTimeoutMillis: 5_000,
    // A connection that waits for a notification sends nothing, so only these would tell that it is lost.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    query_timeout: commandSilenceMs,
    // BullMQ does not set the schema on a pool that it did not create. What it asks for each job an index serves, but a plan
    // that was made while there were few jobs would read them all.
    options: `-c search_path=${schema} -c enable_seqscan=off -c jit=off`,
  });
  pool.on('error', connectionErrorLogger(logger, 'queue pool'));
  // One that is lost in the moment it is lent has no other listener, and would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  const bullmq = withBackend(createPostgresBackend);
  // A pg.Pool is what BullMQ asks for; its declaration of one is only written differently.
  const connection = pool as unknown as PgPool;
  const open = (name: QueueName): OpenQueue => {
    const queue = new bullmq.Queue<JobReference>(name, {
      connection,
      defaultJobOptions: { attempts, backoff },
    });
    queue.on('error', connectionErrorLogger(logger, `queue ${name}`));
    // The two engines' queues differ in the type of their backend alone, which nobody here touches.
    const engineless = queue as unknown as Queue<JobReference>;
    return { jobs: jobQueue(name, engineless, { fewAtOnce }), bullmq: engineless };
  };
  const queues: Record<QueueName, OpenQueue> = {
    'group-membership': open('group-membership'),
    'workspace-mapping': open('workspace-mapping'),
  };

  const stops: (() => Promise<void>)[] = [];

  return {
    engine: 'postgres',
    queues,
    // The database that is asked for jobs is the one they would be put into.
    isConnected: () => true,
    createWorker(name, processor, concurrency) {
      const worker = new bullmq.Worker<JobReference>(name, processor, {
        connection,
        concurrency,
        lockDuration: lockDurationMs,
        stalledInterval: stalledIntervalMs,
        maxStalledCount,
        runRetryDelay: runRetryDelayMs,
      });
      worker.on('error', connectionErrorLogger(logger, `worker ${name}`));
      const { bullmq: queue } = queues[name];
      stops.push(keepCleaning(queue, retention.postgres, connectionErrorLogger(logger, `cleaning of ${name}`)));
      return worker;
    },
    async ping() {
      await Promise.race([pool.query('SELECT 1'), timeout(producerTimeoutMs)]);
    },
    async close() {
      await Promise.all(stops.map((stop) => stop()));
      await Promise.all(Object.values(queues).map((queue) => queue.bullmq.close()));
      await pool.end();
    },
  };
}

/** Needs one session for its lock and its transaction; safe from several processes at once. */
async function migrateQueueTables(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'rollcall-migrate-queue' });
  await client.connect();
  try {
    await runMigrations(client, schema);
  } finally {
    await client.end();
  }
}

function timeout(ms: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref();
  });
}
