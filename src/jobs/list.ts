import sql, { empty, join, type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';
import type { FailureAnswer, FailureClass } from '../contract/failure.ts';
import { storedFailure } from './failure.ts';
import type { JobProgress, JobStatus, QueueName } from './job.ts';

/** A job that is not done. */
export interface JobRecord {
  id: string;
  organizationId: string;
  queue: QueueName;
  status: JobStatus;
  /** Whom it concerns: ids only. */
  payload: Record<string, unknown>;
  attempts: number;
  /** What went wrong at the last attempt. */
  error: string | null;
  /** Whose turn it is, and what to do; null while nothing failed. */
  failure: FailureAnswer | null;
  requestId: string | null;
  progress: JobProgress | null;
  createdAt: Date;
  updatedAt: Date;
  dispatchedAt: Date | null;
}

export interface JobListQuery extends PageRequest {
  /** Left out: across organizations, for the platform admin. */
  organizationId?: string | undefined;
  status?: JobStatus | undefined;
  queue?: QueueName | undefined;
  failureClass?: FailureClass | undefined;
}

type JobRow = Omit<JobRecord, 'failure'> & { failureCode: string | null; failureClass: FailureClass | null };

const columns: Sql = sql`
  id, organization_id AS "organizationId", queue, status, payload, attempts, error,
  failure_code AS "failureCode", failure_class AS "failureClass", request_id AS "requestId",
  progress, created_at AS "createdAt", updated_at AS "updatedAt", dispatched_at AS "dispatchedAt"`;

/**
 * Jobs that are not done, newest first.
 *
 * @throws DomainError `invalid-cursor`
 */
export async function listJobs(
  db: Queryable,
  { organizationId, status, queue, failureClass, limit, cursor }: JobListQuery,
): Promise<Page<JobRecord>> {
  const before = cursorId(cursor);
  if (organizationId !== undefined && !isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const conditions = [
    ...(organizationId === undefined ? [] : [sql`organization_id = ${organizationId}`]),
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(queue === undefined ? [] : [sql`queue = ${queue}`]),
    ...(failureClass === undefined ? [] : [sql`failure_class = ${failureClass}`]),
    ...(before === null ? [] : [sql`id < ${before}`]),
  ];
  const rows = await db.query<JobRow>(sql`
    SELECT ${columns} FROM sync_jobs
    ${conditions.length === 0 ? empty : sql`WHERE ${join(conditions, ' AND ')}`}
    ORDER BY id DESC
    LIMIT ${limit + 1}`);
  return pageOf(rows.map(recordOf), limit);
}

/** @throws NotFoundError for a job that is unknown, of another organization, or done */
export async function getJob(db: Queryable, organizationId: string, jobId: string): Promise<JobRecord> {
  const job = await findJob(db, organizationId, jobId);
  if (job === undefined) throw jobNotFound(jobId);
  return job;
}

/** The same, undefined instead of the error. */
export async function findJob(db: Queryable, organizationId: string, jobId: string): Promise<JobRecord | undefined> {
  if (!isId(organizationId) || !isId(jobId)) return undefined;
  const [row] = await db.query<JobRow>(sql`
    SELECT ${columns} FROM sync_jobs WHERE organization_id = ${organizationId} AND id = ${jobId}`);
  return row && recordOf(row);
}

/** Jobs of an organization that are not done and that meet a condition, oldest first. */
export async function findJobs(
  db: Queryable,
  organizationId: string,
  { condition, limit }: { condition: Sql; limit: number },
): Promise<JobRecord[]> {
  const rows = await db.query<JobRow>(sql`
    SELECT ${columns} FROM sync_jobs
    WHERE organization_id = ${organizationId}::uuid AND ${condition} ORDER BY id LIMIT ${limit}`);
  return rows.map(recordOf);
}

/** The row of a job goes in the moment it is applied; what it did is in the log. */
export function jobNotFound(jobId: string): DomainError {
  return new DomainError(
    'not-found',
    'job-not-found',
    'No job with this id waits, runs or has failed: it is done, or there never was one. ' +
      'What it did stands in the sync log, under its jobId.',
    { id: jobId },
  );
}

function recordOf({ failureCode, failureClass, ...job }: JobRow): JobRecord {
  return { ...job, failure: storedFailure(failureCode, failureClass) };
}
