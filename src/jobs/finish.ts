import sql, { type Sql } from 'sql-template-tag';
import type { Transaction } from '../platform/database.ts';
import { insertEntry, systemCause, type Cause } from '../sync-log/append.ts';
import type { LockedJob } from './lock.ts';

/** The cause of what a worker does: the service itself, in the name of the request that added the job. */
export function causeOfJob(job: { requestId: string | null }): Cause {
  return { ...systemCause, requestId: job.requestId };
}

/**
 * The DELETE of a job row as a fragment: part of the transaction that applies the change, so that effect and
 * acknowledgement are one.
 */
export function deleteJob(job: { id: string }): Sql {
  return sql`DELETE FROM sync_jobs WHERE id = ${job.id}`;
}

/** The same for several jobs. */
export function deleteJobs(jobs: readonly { id: string }[]): Sql {
  return sql`DELETE FROM sync_jobs WHERE id = ANY (${jobs.map(({ id }) => id)}::uuid[])`;
}

/** Ends a job that must not be applied: one SKIPPED entry that says why, and the row is gone. */
export async function skipJob(tx: Transaction, job: LockedJob, reason: string): Promise<void> {
  await tx.query(sql`
    WITH entry AS (${insertEntry({
      organizationId: job.organizationId,
      action: 'SYNC_ACCESS',
      status: 'SKIPPED',
      resource: { type: 'Job', id: job.id, name: job.queue },
      cause: causeOfJob(job),
      message: reason,
      details: { payload: job.payload },
      jobId: job.id,
      attempt: job.attempts + 1,
    })})
    ${deleteJob(job)}`);
}
