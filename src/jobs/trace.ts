import sql, { join, type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { isId } from '../platform/ids.ts';
import { conditions, countsByStatus, entryColumns, type SyncLogEntry, type SyncLogFilters } from '../sync-log/query.ts';
import type { SyncLogStatus } from '../contract/sync-log.ts';
import { withHelp, type HelpedEntry } from './entry-help.ts';
import { outcomeOfEntries, outcomeOfRow, type JobOutcome } from './job-outcome.ts';
import { findJob, findJobs } from './list.ts';

export interface TracedJob extends JobOutcome {
  /** Entries that the job has left. */
  counts: Record<SyncLogStatus, number>;
  /** At most 50: those of a whole walk first, then user by user. */
  effects: HelpedEntry[];
}

export interface Trace {
  requestId: string | null;
  /** What the request itself did, in order. */
  entries: HelpedEntry[];
  jobs: TracedJob[];
  /** False: there is more than one answer holds. */
  complete: boolean;
}

/** What a drawer can show. */
const maxOwnEntries = 200;
const maxEffectsOfJob = 50;
const maxEffects = 1_000;
const maxJobs = 100;

/** Entries that are counted: what a resync of a large organization leaves. */
const maxCounted = 100_000;

/**
 * From a request over its jobs to what these did: from the log by request id, and from the rows of the jobs that are not
 * done. Work of its own accord has no request id, and is traced by its job.
 *
 * @param from the request; or a job, of which the request is looked up
 */
export async function trace(
  db: Queryable,
  organizationId: string,
  from: { requestId?: string | undefined; jobId?: string | undefined },
  kept: Pick<SyncLogFilters, 'retentionDays'> = {},
): Promise<Trace> {
  const requestId = from.requestId ?? (await requestOfJob(db, organizationId, from.jobId ?? ''));
  const { jobId } = from;
  if (requestId === null && (jobId === undefined || !isId(jobId))) {
    return { requestId, entries: [], jobs: [], complete: true };
  }
  const isOfRequest = sql`request_id = ${requestId}`;
  const belongs = join([requestId === null ? sql`job_id = ${jobId}::uuid` : isOfRequest, ...conditions(kept)], ' AND ');
  const [own, effects, rows] = await Promise.all([
    readOwn(db, organizationId, belongs),
    readEffects(db, organizationId, belongs),
    findJobs(db, organizationId, {
      condition: requestId === null ? sql`id = ${jobId}::uuid` : isOfRequest,
      limit: maxJobs + 1,
    }),
  ]);
  const shownOwn = own.slice(0, maxOwnEntries);
  const helped = await withHelp(db, organizationId, [...shownOwn, ...effects.map(({ entry }) => entry)]);
  const jobs = new Map<string, TracedJob>();
  for (const row of rows) jobs.set(row.id, { ...outcomeOfRow(row), counts: noEntries, effects: [] });
  for (const [n, { entry, counts }] of effects.entries()) {
    const id = entry.jobId ?? '';
    const job = jobs.get(id) ?? { ...outcomeOfEntries(id, [], counts), counts, effects: [] };
    const effect = helped[shownOwn.length + n];
    jobs.set(id, { ...job, counts, effects: effect === undefined ? job.effects : [...job.effects, effect] });
  }
  const hasRow = new Set(rows.map(({ id }) => id));
  const all = [...jobs.values()]
    .map((job) => (hasRow.has(job.jobId) ? job : { ...job, ...outcomeOfEntries(job.jobId, job.effects, job.counts) }))
    .sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
  return {
    requestId,
    entries: helped.slice(0, shownOwn.length),
    jobs: all.slice(0, maxJobs),
    complete:
      own.length <= maxOwnEntries &&
      all.length <= maxJobs &&
      all.every(({ counts, effects: shown }) => counts.SUCCESS + counts.SKIPPED + counts.FAILED <= shown.length),
  };
}

const noEntries = { SUCCESS: 0, SKIPPED: 0, FAILED: 0 };

async function requestOfJob(db: Queryable, organizationId: string, jobId: string): Promise<string | null> {
  if (!isId(jobId)) return null;
  const job = await findJob(db, organizationId, jobId);
  if (job !== undefined) return job.requestId;
  const [entry] = await db.query<{ requestId: string | null }>(sql`
    SELECT request_id AS "requestId" FROM sync_logs
    WHERE organization_id = ${organizationId}::uuid AND job_id = ${jobId}::uuid LIMIT 1`);
  return entry?.requestId ?? null;
}

/** Everything but what jobs did; the entry of a request may name the job that it added. */
function readOwn(db: Queryable, organizationId: string, belongs: Sql): Promise<SyncLogEntry[]> {
  return db.query<SyncLogEntry>(sql`
    SELECT ${entryColumns} FROM sync_logs
    WHERE ${join([sql`organization_id = ${organizationId}::uuid`, belongs], ' AND ')} AND action <> 'SYNC_ACCESS'
    ORDER BY id LIMIT ${maxOwnEntries + 1}`);
}

async function readEffects(
  db: Queryable,
  organizationId: string,
  belongs: Sql,
): Promise<{ entry: SyncLogEntry; counts: Record<SyncLogStatus, number> }[]> {
  const rows = await db.query<SyncLogEntry & { counts: Record<SyncLogStatus, number> }>(sql`
    WITH effect AS MATERIALIZED (
      SELECT id, job_id, status, resource_type FROM sync_logs
      WHERE organization_id = ${organizationId}::uuid AND ${belongs} AND action = 'SYNC_ACCESS' AND job_id IS NOT NULL
      LIMIT ${maxCounted}
    ), counted AS (
      SELECT job_id, ${countsByStatus} AS counts FROM effect GROUP BY job_id
    ), shown AS (
      SELECT id, job_id, place FROM (
        SELECT id, job_id, row_number() OVER (PARTITION BY job_id ORDER BY resource_type = 'User', id) AS place
        FROM effect) AS placed
      WHERE place <= ${maxEffectsOfJob}
      ORDER BY job_id, place LIMIT ${maxEffects}
    )
    SELECT ${entryColumns}, counts
    FROM (SELECT l.*, c.counts, s.place FROM shown s
      JOIN sync_logs l ON l.id = s.id
      JOIN counted c ON c.job_id = s.job_id
      WHERE l.organization_id = ${organizationId}::uuid) AS named
    ORDER BY job_id, place`);
  return rows.map(({ counts, ...entry }) => ({ entry, counts }));
}
