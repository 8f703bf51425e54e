import sql from 'sql-template-tag';
import { failureClasses, type FailureClass } from '../contract/failure.ts';
import type { Queryable } from '../platform/database.ts';

/** How the job rows stand, for metrics. */
export interface LedgerState {
  /** Age of the oldest row that is neither done nor failed; 0 when there is none. */
  oldestUnfinishedAgeSeconds: number;
  /** Age of the oldest row that no queue has yet; 0 when there is none. */
  oldestPendingAgeSeconds: number;
  /** Rows that failed and wait for a replay, by whose turn it is; `unclassified` ones are of an older version. */
  failed: Record<FailureClass | 'unclassified', number>;
}

/** Ages by the database's clock. */
export async function readLedgerState(db: Queryable): Promise<LedgerState> {
  const [row] = await db.query<Omit<LedgerState, 'failed'> & { failed: Partial<LedgerState['failed']> | null }>(sql`
    SELECT
      coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS "oldestUnfinishedAgeSeconds",
      coalesce(extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE status = 'pending')), 0)::float8
        AS "oldestPendingAgeSeconds",
      (SELECT jsonb_object_agg(class, jobs) FROM (
        SELECT CASE WHEN failure_class = ANY (${failureClasses}::text[]) THEN failure_class ELSE 'unclassified' END AS class,
          count(*) AS jobs
        FROM sync_jobs WHERE status = 'failed' GROUP BY 1) AS counted) AS failed
    FROM sync_jobs WHERE status IN ('pending', 'dispatched')`);
  return {
    oldestUnfinishedAgeSeconds: row?.oldestUnfinishedAgeSeconds ?? 0,
    oldestPendingAgeSeconds: row?.oldestPendingAgeSeconds ?? 0,
    failed: { retry: 0, admin: 0, 'identity-provider': 0, unclassified: 0, ...row?.failed },
  };
}
