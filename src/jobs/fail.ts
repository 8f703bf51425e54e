import sql, { type Sql } from 'sql-template-tag';
import type { Database, Queryable } from '../platform/database.ts';
import { appendEntry } from '../sync-log/append.ts';
import { describeFailure, type Failure } from './failure.ts';
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
export async function recordFailedAttempt(db: Queryable, attempt: Attempt, failure: Failure): Promise<void> {
  await db.query(sql`
    UPDATE sync_jobs
    SET attempts = attempts + 1, ${failureColumns(failure)}, updated_at = clock_timestamp()
    WHERE id = ${attempt.id} AND organization_id = ${attempt.organizationId} AND attempts = ${attempt.attempts}`);
}

/** Writes down why a job waits, without counting an attempt: nothing was tried. */
export async function noteNewerJob(db: Queryable, attempt: Attempt, failure: Failure): Promise<void> {
  await db.query(sql`
    UPDATE sync_jobs SET ${failureColumns(failure)}
    WHERE id = ${attempt.id} AND organization_id = ${attempt.organizationId} AND attempts = ${attempt.attempts}`);
}

/**
 * Gives a job up: the row becomes `failed`, waits for a replay, and one FAILED entry says why. When the row is gone, or
 * another delivery has counted this attempt already, nothing happens.
 */
export async function failJob(db: Database, attempt: Attempt, failure: Failure): Promise<void> {
  await db.transaction(async (tx) => {
    const [failed] = await tx.query<{
      queue: QueueName;
      attempts: number;
      requestId: string | null;
      payload: unknown;
    }>(sql`
      UPDATE sync_jobs
      SET status = 'failed', attempts = attempts + 1, ${failureColumns(failure)}, updated_at = clock_timestamp()
      WHERE id = ${attempt.id} AND organization_id = ${attempt.organizationId} AND attempts = ${attempt.attempts}
      RETURNING queue, attempts, request_id AS "requestId", payload`);
    if (failed === undefined) return;
    await appendEntry(tx, {
      organizationId: attempt.organizationId,
      action: 'SYNC_ACCESS',
      status: 'FAILED',
      resource: { type: 'Job', id: attempt.id, name: failed.queue },
      cause: causeOfJob(failed),
      message: `${describeFailure(failure)} Until then access is as it was before.`,
      details: {
        payload: failed.payload,
        failure: { code: failure.code, class: failure.class, advice: failure.advice },
      },
      jobId: attempt.id,
      attempt: failed.attempts,
    });
  });
}

function failureColumns(failure: Failure): Sql {
  return sql`error = ${failure.problem}, failure_code = ${failure.code}, failure_class = ${failure.class}`;
}
