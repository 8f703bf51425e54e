import sql from 'sql-template-tag';
import type { Database, Queryable } from '../platform/database.ts';
import { appendEntry } from '../sync-log/append.ts';
import { causeOfJob } from './finish.ts';
import type { QueueName } from './job.ts';

/** One attempt at a job, as its worker saw the row when it took it up. */
export interface Attempt {
  id: string;
  organizationId: string;
  /** Attempts that had failed before this one. Only the attempt that this was counts: a second delivery does not. */
  attempts: number;
}

/** Counts a failed attempt that will be repeated. */
export async function recordFailedAttempt(db: Queryable, attempt: Attempt, reason: string): Promise<void> {
  await db.query(sql`
    UPDATE sync_jobs SET attempts = attempts + 1, error = ${reason}, updated_at = clock_timestamp()
    WHERE id = ${attempt.id} AND organization_id = ${attempt.organizationId} AND attempts = ${attempt.attempts}`);
}

/**
 * Gives a job up: the row becomes `failed`, waits for a replay, and one FAILED entry says why. When the row is gone, or
 * another delivery has counted this attempt already, nothing happens.
 *
 * @param reason for an admin: what went wrong, without internals
 */
export async function failJob(db: Database, attempt: Attempt, reason: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [failed] = await tx.query<{
      queue: QueueName;
      attempts: number;
      requestId: string | null;
      payload: unknown;
    }>(sql`
      UPDATE sync_jobs
      SET status = 'failed', attempts = attempts + 1, error = ${reason}, updated_at = clock_timestamp()
      WHERE id = ${attempt.id} AND organization_id = ${attempt.organizationId} AND attempts = ${attempt.attempts}
      RETURNING queue, attempts, request_id AS "requestId", payload`);
    if (failed === undefined) return;
    await appendEntry(tx, {
      organizationId: attempt.organizationId,
      action: 'SYNC_ACCESS',
      status: 'FAILED',
      resource: { type: 'Job', id: attempt.id, name: failed.queue },
      cause: causeOfJob(failed),
      message: `${reason} The job waits for a replay; until then access is as it was before.`,
      details: { payload: failed.payload },
      jobId: attempt.id,
      attempt: failed.attempts,
    });
  });
}
