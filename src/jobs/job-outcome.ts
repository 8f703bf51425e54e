import sql from 'sql-template-tag';
import type { FailureAnswer } from '../contract/failure.ts';
import type { JobState } from '../contract/jobs.ts';
import type { SyncLogStatus } from '../contract/sync-log.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { countsByStatus, entryColumns, type SyncLogEntry } from '../sync-log/query.ts';
import type { JobProgress, QueueName } from './job.ts';
import { findJob, jobNotFound, type JobRecord } from './list.ts';

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
  if (job !== undefined) return outcomeOfRow(job);
  const ended = isId(jobId) ? await readEnd(db, organizationId, jobId) : undefined;
  if (ended === undefined) throw jobNotFound(jobId);
  return outcomeOfEntries(jobId, [ended.entry], ended.counts);
}

export function outcomeOfRow({ id, status, queue, progress, failure, error, updatedAt }: JobRecord): JobOutcome {
  const isFailed = status === 'failed';
  return {
    jobId: id,
    state: isFailed ? 'failed' : status === 'dispatched' && progress !== null ? 'running' : 'waiting',
    queue,
    progress,
    failure,
    message: isFailed ? error : null,
    finishedAt: isFailed ? updatedAt : null,
    entryId: null,
  };
}

/**
 * How a job without a row ended. A walk leaves an entry for itself beside those of the users; a job without a walk has
 * one for each of its users alone.
 *
 * @param entries of the job: that of the walk first, if there is one; else the newest is told
 * @param counts of all its entries
 */
export function outcomeOfEntries(
  jobId: string,
  entries: readonly SyncLogEntry[],
  counts: Record<SyncLogStatus, number>,
): JobOutcome {
  const ended = entries.filter(({ status }) => status !== 'FAILED');
  const entry = ended.find(({ resource }) => resource.type !== 'User') ?? ended.at(-1);
  const checked = entry?.details['usersChecked'];
  const changed = entry?.details['usersChanged'];
  const isWalk = typeof checked === 'number' && typeof changed === 'number';
  const wasApplied = isWalk || entry?.resource.type === 'User';
  const users = counts.SUCCESS + counts.SKIPPED;
  return {
    jobId,
    state: wasApplied ? 'applied' : 'skipped',
    queue: null,
    progress: isWalk
      ? { done: checked, total: checked, changed }
      : wasApplied
        ? { done: users, total: users, changed: counts.SUCCESS }
        : null,
    failure: null,
    message: entry?.message ?? null,
    finishedAt: entry?.occurredAt ?? null,
    entryId: entry?.id ?? null,
  };
}

/** The entry that ended a job, and how many it has left. Of a job without a walk these are a few hundred at most. */
async function readEnd(db: Queryable, organizationId: string, jobId: string) {
  const [row] = await db.query<SyncLogEntry & { counts: Record<SyncLogStatus, number> }>(sql`
    WITH effect AS MATERIALIZED (
      SELECT id, status, resource_type FROM sync_logs
      WHERE organization_id = ${organizationId}::uuid AND job_id = ${jobId}::uuid AND action = 'SYNC_ACCESS'
    )
    SELECT ${entryColumns}, (SELECT ${countsByStatus} FROM effect) AS counts
    FROM sync_logs
    WHERE organization_id = ${organizationId}::uuid AND id = (
      SELECT id FROM effect WHERE status <> 'FAILED' ORDER BY resource_type = 'User', id DESC LIMIT 1)`);
  if (row === undefined) return undefined;
  const { counts, ...entry } = row;
  return { entry, counts };
}
