import sql from 'sql-template-tag';
import type { FailureClass } from '../contract/failure.ts';
import type { Queryable } from '../platform/database.ts';
import { readFailedByClass } from './failed-by-class.ts';

/** How old the rows of jobs are that are neither done nor failed, by the database's clock. */
export interface JobAges {
  /** Age of the oldest one; 0 when there is none. */
  oldestUnfinishedAgeSeconds: number;
  /** Age of the oldest one that no queue has yet; 0 when there is none. */
  oldestPendingAgeSeconds: number;
}

/** How the job rows stand, for metrics. */
export interface LedgerState extends JobAges {
  /** Rows that failed and wait for a replay, by whose turn it is; `unclassified` ones are of an older version. */
  failed: Record<FailureClass | 'unclassified', number>;
}

export async function readJobAges(db: Queryable): Promise<JobAges> {
  const [ages] = await db.query<JobAges>(sql`
    SELECT
      coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS "oldestUnfinishedAgeSeconds",
      coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE status = 'pending')), 0)::float8
        AS "oldestPendingAgeSeconds"
    FROM sync_jobs WHERE status IN ('pending', 'dispatched')`);
  return ages ?? { oldestUnfinishedAgeSeconds: 0, oldestPendingAgeSeconds: 0 };
}

export async function readLedgerState(db: Queryable): Promise<LedgerState> {
  const [ages, byClass] = await Promise.all([readJobAges(db), readFailedByClass(db, null)]);
  const failed = { retry: 0, admin: 0, 'identity-provider': 0, unclassified: 0 };
  for (const { class: turn, jobs } of byClass) failed[turn ?? 'unclassified'] += jobs;
  return { ...ages, failed };
}
