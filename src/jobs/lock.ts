import sql from 'sql-template-tag';
import type { Transaction } from '../platform/database.ts';
import { passGate } from './gate.ts';
import type { JobProgress, JobStatus, QueueName } from './job.ts';

/** A job row, locked by the transaction that works on it. */
export interface LockedJob {
  id: string;
  organizationId: string;
  queue: QueueName;
  /** Not parsed yet; see `parse-payload.ts`. */
  payload: unknown;
  status: JobStatus;
  /** Attempts that have failed so far. */
  attempts: number;
  requestId: string | null;
  progress: JobProgress | null;
}

/**
 * Takes the first locks of every transaction that works on a job, in this order: the gate, so that a change of the
 * organization's settings is not kept waiting by an endless row of workers; the job's row, so that the same job
 * delivered twice is worked once; the organization's row in share mode, so that its provisioning mode cannot change
 * underneath. Whoever had to wait sees the rows as the one before left them.
 *
 * @returns undefined when the row is gone: the job is done
 */
export async function lockJob(
  tx: Transaction,
  job: { id: string; organizationId: string },
): Promise<LockedJob | undefined> {
  const [row] = await tx.query<LockedJob>(sql`
    WITH gate AS MATERIALIZED (SELECT ${passGate(job.organizationId)})
    SELECT j.id, j.organization_id AS "organizationId", j.queue, j.payload, j.status, j.attempts,
      j.request_id AS "requestId", j.progress
    FROM gate
    CROSS JOIN sync_jobs j
    JOIN organizations o ON o.id = j.organization_id
    -- IS NOT DISTINCT keeps the index by organization out: it would serve as well as the key while there are few jobs.
    WHERE j.id = ${job.id} AND j.organization_id IS NOT DISTINCT FROM ${job.organizationId}
    FOR UPDATE OF j FOR SHARE OF o`);
  return row;
}
