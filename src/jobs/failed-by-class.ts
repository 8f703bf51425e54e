import sql, { empty } from 'sql-template-tag';
import { failureClasses, type FailureClass } from '../contract/failure.ts';
import type { Queryable } from '../platform/database.ts';

export interface FailedByClass {
  /** Null: failed under an older version that did not say. */
  class: FailureClass | null;
  code: string | null;
  jobs: number;
}

/**
 * Failed jobs by whose turn it is and why, most of them first.
 *
 * @param organizationId null: of every organization
 */
export function readFailedByClass(db: Queryable, organizationId: string | null): Promise<FailedByClass[]> {
  return db.query<FailedByClass>(sql`
    SELECT CASE WHEN failure_class = ANY (${failureClasses}::text[]) THEN failure_class END AS class,
      failure_code AS code, count(*) AS jobs
    FROM sync_jobs
    WHERE status = 'failed' ${organizationId === null ? empty : sql`AND organization_id = ${organizationId}::uuid`}
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`);
}
