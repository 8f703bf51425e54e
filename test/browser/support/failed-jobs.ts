import sql from 'sql-template-tag';
import { failJob } from '../../../src/jobs/fail.ts';
import { failureOfKind, type FailureCode } from '../../../src/jobs/failure.ts';
import type { Database } from '../../../src/platform/database.ts';

const attempts = 7;

/**
 * Jobs whose last attempt fails as a worker makes it fail, each about one person: with the row that waits for a replay,
 * and the FAILED entry. Nothing stands in the way of a replay.
 */
export async function leaveFailedJobs(
  db: Database,
  organizationId: string,
  userIds: readonly string[],
  code: FailureCode = 'database-busy',
): Promise<void> {
  for (const userId of userIds) {
    const [job] = await db.query<{ id: string }>(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload, status, attempts, dispatched_at)
      VALUES (new_id(), ${organizationId}, 'group-membership', ${JSON.stringify({ userIds: [userId] })}, 'dispatched',
        ${attempts}, now())
      RETURNING id`);
    if (job !== undefined) await failJob(db, { id: job.id, organizationId, attempts }, failureOfKind(code));
  }
}
