import sql from 'sql-template-tag';
import { failureClasses, type FailureClass } from '../contract/failure.ts';
import type { Queryable } from '../platform/database.ts';
import type { SyncLogEntry } from '../sync-log/query.ts';
import type { JobStatus } from './job.ts';

/** What helps after a failure: whose turn it is, and with what. */
export interface EntryHelp {
  class: FailureClass;
  advice: string;
  /** What became of the job meanwhile; null: no job failed. */
  job: 'failed' | 'at-work' | 'done' | null;
  /** The failed job that a replay of would help; null: none would. */
  replayJobId: string | null;
}

export type HelpedEntry = SyncLogEntry & { help: EntryHelp | null };

/**
 * Adds to each FAILED entry what helps now. One look-up for all jobs that they name, and none where they name none.
 *
 * @param entries of this organization
 */
export async function withHelp(
  db: Queryable,
  organizationId: string,
  entries: readonly SyncLogEntry[],
): Promise<HelpedEntry[]> {
  const jobIds = entries.flatMap(({ status, jobId }) => (status === 'FAILED' && jobId !== null ? [jobId] : []));
  const rows =
    jobIds.length === 0
      ? []
      : await db.query<{ id: string; status: JobStatus }>(sql`
          SELECT id, status FROM sync_jobs
          WHERE organization_id = ${organizationId}::uuid AND id = ANY (${jobIds}::uuid[])`);
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  return entries.map((entry) => ({ ...entry, help: entry.status === 'FAILED' ? helpOf(entry, statuses) : null }));
}

function helpOf(entry: SyncLogEntry, statuses: ReadonlyMap<string, JobStatus>): EntryHelp {
  const { jobId, details } = entry;
  // An entry of an older version has none; whoever was refused is then the one to act, as the message says.
  const { class: turn, advice } = readFailure(details['failure']) ?? {
    class: entry.actor.type === 'scim_token' ? 'identity-provider' : 'admin',
    advice: 'Do what the message says, and try again.',
  };
  if (jobId === null) return { class: turn, advice, job: null, replayJobId: null };
  const status = statuses.get(jobId);
  if (status === 'failed') return { class: turn, advice, job: 'failed', replayJobId: jobId };
  return { class: turn, advice, job: status === undefined ? 'done' : 'at-work', replayJobId: null };
}

function readFailure(value: unknown): { class: FailureClass; advice: string } | null {
  if (typeof value !== 'object' || value === null || !('class' in value) || !('advice' in value)) return null;
  const known = failureClasses.find((name) => name === value.class);
  return known === undefined || typeof value.advice !== 'string' ? null : { class: known, advice: value.advice };
}
