import sql, { empty, join, type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';
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
  error: string | null;
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
}

const columns: Sql = sql`
  id, organization_id AS "organizationId", queue, status, payload, attempts, error, request_id AS "requestId",
  progress, created_at AS "createdAt", updated_at AS "updatedAt", dispatched_at AS "dispatchedAt"`;

/**
 * Jobs that are not done, newest first.
 *
 * @throws DomainError `invalid-cursor`
 */
export async function listJobs(
  db: Queryable,
  { organizationId, status, queue, limit, cursor }: JobListQuery,
): Promise<Page<JobRecord>> {
  const before = cursorId(cursor);
  if (organizationId !== undefined && !isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const conditions = [
    ...(organizationId === undefined ? [] : [sql`organization_id = ${organizationId}`]),
    ...(status === undefined ? [] : [sql`status = ${status}`]),
    ...(queue === undefined ? [] : [sql`queue = ${queue}`]),
    ...(before === null ? [] : [sql`id < ${before}`]),
  ];
  const rows = await db.query<JobRecord>(sql`
    SELECT ${columns} FROM sync_jobs
    ${conditions.length === 0 ? empty : sql`WHERE ${join(conditions, ' AND ')}`}
    ORDER BY id DESC
    LIMIT ${limit + 1}`);
  return pageOf(rows, limit);
}

/** @throws NotFoundError for a job that is unknown, of another organization, or done */
export async function getJob(db: Queryable, organizationId: string, jobId: string): Promise<JobRecord> {
  if (!isId(organizationId) || !isId(jobId)) throw new NotFoundError('job', jobId);
  const [row] = await db.query<JobRecord>(sql`
    SELECT ${columns} FROM sync_jobs WHERE organization_id = ${organizationId} AND id = ${jobId}`);
  if (row === undefined) throw new NotFoundError('job', jobId);
  return row;
}

/** How long the oldest job that is neither done nor failed has been waiting, in seconds; 0 when there is none. */
export async function oldestUnfinishedAgeSeconds(db: Queryable): Promise<number> {
  const [row] = await db.query<{ seconds: number }>(sql`
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS seconds
    FROM sync_jobs WHERE status IN ('pending', 'dispatched')`);
  return row?.seconds ?? 0;
}
