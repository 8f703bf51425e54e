import { pino } from 'pino';
import sql from 'sql-template-tag';
import type { Queue } from 'bullmq';
import type { QueueName } from '../../../src/jobs/job.ts';
import type { JobReference } from '../../../src/queue/job-queue.ts';
import { openPostgresBackend } from '../../../src/queue/postgres-backend.ts';
import { openRedisBackend } from '../../../src/queue/redis-backend.ts';
import type { Cluster } from './cluster.ts';

/** The cluster's queues from outside, for deliveries that nobody ordered. */
export interface JobDeliveries {
  /** Delivers jobs once more, whatever has become of them, under ids that the queue does not know yet. */
  deliver(queue: QueueName, jobs: readonly JobReference[]): Promise<void>;
  /** How many deliveries are waiting or being worked. */
  underway(): Promise<number>;
  close(): Promise<void>;
}

export async function openJobDeliveries({ redis, postgres, db }: Cluster): Promise<JobDeliveries> {
  const logger = pino({ level: 'silent' });
  const backend =
    redis === null
      ? await openPostgresBackend({ databaseUrl: postgres.url, logger })
      : openRedisBackend({ url: redis.url, prefix: await prefixOf(db), logger });
  while (!backend.isConnected()) await new Promise((resolve) => setTimeout(resolve, 5));
  let serial = 0;
  const queues: Queue<JobReference>[] = Object.values(backend.queues).map(({ bullmq }) => bullmq);
  return {
    async deliver(name, jobs) {
      await backend.queues[name].bullmq.addBulk(
        jobs.map((data) => {
          serial += 1;
          return { name, data, opts: { jobId: `again-${process.pid}-${serial}-${data.id}` } };
        }),
      );
    },
    async underway() {
      const counts = await Promise.all(queues.map((queue) => queue.getJobCounts('waiting', 'active', 'delayed')));
      return counts.flatMap((count) => Object.values(count)).reduce((a, b) => a + b, 0);
    },
    close: () => backend.close(),
  };
}

/** As `src/queue/engine.ts` names the keys of a database in Redis. */
async function prefixOf(db: Cluster['db']): Promise<string> {
  const [row] = await db.query<{ prefix: string }>(sql`
    SELECT '{rollcall-' || datname || '-' || oid || '}' AS prefix FROM pg_database WHERE datname = current_database()`);
  return row?.prefix ?? '';
}
