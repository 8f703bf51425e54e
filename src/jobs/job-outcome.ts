import sql from 'sql-template-tag';
import type { FailureAnswer } from '../contract/failure.ts';
import type { JobState } from '../contract/jobs.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import type { JobProgress, QueueName } from './job.ts';
import { findJob, jobNotFound } from './list.ts';

/** How far a job has come, also after its row is gone. */
export interface JobOutcome {
  jobId: string;
  state: JobState;
  /** Null once the row is gone. */
  queue: QueueName | null;
  progress: JobProgress | null;
  failure: FailureAnswer | null;
  /** What the log says in the end; null before. */
  message: string | null;
  finishedAt: Date | null;
  /** The entry that says so. */
  entryId: string | null;
}

/**
 * How far a job has come: from its row while it has one, then from the log. The row goes in the transaction that writes
 * the entry, so a job that is asked for without a break is never unknown in between.
 *
 * A look for drift that found nothing leaves no entry, and is unknown once it is done.
 *
 * @throws NotFoundError (`job-not-found`)
 */
export async function jobOutcome(db: Queryable, organizationId: string, jobId: string): Promise<JobOutcome> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const job = await findJob(db, organizationId, jobId);
  if (job !== undefined) {
    const state =
      job.status === 'failed' ? 'failed' : job.status === 'dispatched' && job.progress !== null ? 'running' : 'waiting';
    const { id, queue, progress, failure, error, updatedAt } = job;
    const isFailed = state === 'failed';
    return {
      jobId: id,
      state,
      queue,
      progress,
      failure,
      message: isFailed ? error : null,
      finishedAt: isFailed ? updatedAt : null,
      entryId: null,
    };
  }
  const ended = isId(jobId) ? await readEnd(db, organizationId, jobId) : undefined;
  if (ended === undefined) throw jobNotFound(jobId);
  return { jobId, queue: null, failure: null, ...ended };
}

/**
 * The entry that ended a job. A walk leaves one for itself beside those of the users; a job without a walk has an entry
 * for each of its users alone, of which there are a few hundred at most.
 */
async function readEnd(db: Queryable, organizationId: string, jobId: string) {
  const [row] = await db.query<{
    id: string;
    occurredAt: Date;
    status: string;
    message: string;
    users: number;
    changed: number;
    checked: number | null;
    isWalk: boolean;
  }>(sql`
    WITH entry AS MATERIALIZED (
      SELECT id, occurred_at, status, message, resource_type, details FROM sync_logs
      WHERE organization_id = ${organizationId}::uuid AND job_id = ${jobId}::uuid AND action = 'SYNC_ACCESS'
    ), ended AS (
      SELECT * FROM entry WHERE status <> 'FAILED' ORDER BY resource_type = 'User', id DESC LIMIT 1
    )
    SELECT id, occurred_at AS "occurredAt", status, message, resource_type <> 'User' AS "isWalk",
      (details -> 'usersChecked')::integer AS checked,
      coalesce((details -> 'usersChanged')::integer,
        (SELECT count(*) FROM entry WHERE status = 'SUCCESS' AND resource_type = 'User')) AS changed,
      (SELECT count(*) FROM entry WHERE status <> 'FAILED' AND resource_type = 'User') AS users
    FROM ended`);
  if (row === undefined) return undefined;
  const done = row.checked ?? row.users;
  const state: JobState = row.isWalk
    ? row.status === 'SUCCESS' || row.checked !== null
      ? 'applied'
      : 'skipped'
    : 'applied';
  return {
    state,
    progress: state === 'applied' ? { done, total: done, changed: row.changed } : null,
    message: row.message,
    finishedAt: row.occurredAt,
    entryId: row.id,
  };
}
