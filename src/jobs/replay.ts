import sql, { empty, join, type Sql } from 'sql-template-tag';
import type { FailureClass } from '../contract/failure.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { isId, newId } from '../platform/ids.ts';
import { insertEntry, type Cause } from '../sync-log/append.ts';
import type { QueueName } from './job.ts';

/** Which failed jobs; every condition narrows, none means all. */
export interface ReplayFilter {
  organizationId?: string | undefined;
  ids?: readonly string[] | undefined;
  queue?: QueueName | undefined;
  /** Failed at this moment or later. */
  since?: Date | string | undefined;
  /** Failed before this moment. */
  until?: Date | string | undefined;
  failureClass?: FailureClass | undefined;
  /** Part of the error, any case. */
  reason?: string | undefined;
}

export interface ReplayResult {
  matched: number;
  /** 0 in a dry run. */
  replayed: number;
  dryRun: boolean;
  /** To follow the replay with `replayProgress`; null when nothing was put back to work. */
  replayId: string | null;
}

export interface ReplayProgress {
  id: string;
  /** Jobs of the replay that are waiting or at work. */
  unfinished: number;
  /** Jobs of the replay that have failed again. */
  failed: number;
}

/**
 * Puts failed jobs back to work, and leaves one REPLAY_JOBS entry per organization concerned; SKIPPED when an
 * organization was named and no job of it matches. Safe at any time: a job
 * recomputes access from the state that it finds. A second replay at the same moment finds no failed row any more.
 *
 * `dispatched_at` stays set: it tells the dispatcher that the queue may still keep a job of this id.
 */
export async function replayJobs(
  db: Database,
  filter: ReplayFilter,
  { dryRun, cause }: { dryRun: boolean; cause: Cause },
): Promise<ReplayResult> {
  const condition = conditionOf(filter);
  if (dryRun) return { matched: await countFailed(db, condition), replayed: 0, dryRun, replayId: null };
  const replayId = newId();
  const { actor, requestId } = cause;
  const [row] = await db.query<{ replayed: number }>(sql`
    WITH chosen AS MATERIALIZED (
      SELECT id FROM sync_jobs WHERE ${condition} ORDER BY id FOR UPDATE
    ), replayed AS (
      UPDATE sync_jobs j SET status = 'pending', replay_id = ${replayId}, updated_at = clock_timestamp()
      FROM chosen WHERE j.id = chosen.id
      RETURNING j.id, j.organization_id
    ), entry AS (
      INSERT INTO sync_logs (organization_id, action, status, resource_type, resource_id, actor_type, actor_id,
        actor_name, message, details, request_id)
      SELECT organization_id, 'REPLAY_JOBS', 'SUCCESS', 'Organization', organization_id::text, ${actor.type}::text,
        ${actor.id}::text, ${actor.name}::text,
        CASE count(*) WHEN 1 THEN '1 failed job is tried again.' ELSE count(*) || ' failed jobs are tried again.' END,
        jsonb_build_object('jobs', count(*), 'jobIds', to_jsonb((array_agg(id ORDER BY id))[1:100]),
          'replayId', ${replayId}::text),
        ${requestId}::text
      FROM replayed
      GROUP BY organization_id
    )
    SELECT count(*) AS replayed FROM replayed`);
  const replayed = row?.replayed ?? 0;
  const { organizationId } = filter;
  if (replayed === 0 && organizationId !== undefined && isId(organizationId)) {
    await db.query(
      insertEntry(
        {
          organizationId,
          action: 'REPLAY_JOBS',
          status: 'SKIPPED',
          resource: { type: 'Organization', id: organizationId, name: null },
          cause,
          message: 'Nothing to replay: no failed job matches.',
        },
        // An organization that is unknown has no log to write to.
        sql`FROM organizations WHERE id = ${organizationId}`,
      ),
    );
  }
  return { matched: replayed, replayed, dryRun, replayId: replayed === 0 ? null : replayId };
}

/**
 * How far a replay has come. A job that is counted neither as unfinished nor as failed has been applied or skipped. A
 * job that failed again and was replayed once more counts for the later replay.
 *
 * @param organizationId left out: across organizations
 */
export async function replayProgress(
  db: Queryable,
  { replayId, organizationId }: { replayId: string; organizationId?: string },
): Promise<ReplayProgress> {
  const known = isId(replayId) && (organizationId === undefined || isId(organizationId));
  const [row] = known
    ? await db.query<{ unfinished: number; failed: number }>(sql`
        SELECT count(*) FILTER (WHERE status <> 'failed') AS unfinished,
          count(*) FILTER (WHERE status = 'failed') AS failed
        FROM sync_jobs
        WHERE replay_id = ${replayId} ${organizationId === undefined ? empty : sql`AND organization_id = ${organizationId}`}`)
    : [];
  return { id: replayId, unfinished: row?.unfinished ?? 0, failed: row?.failed ?? 0 };
}

async function countFailed(db: Queryable, condition: Sql): Promise<number> {
  const [row] = await db.query<{ matched: number }>(sql`
    SELECT count(*) AS matched FROM sync_jobs WHERE ${condition}`);
  return row?.matched ?? 0;
}

function conditionOf({ organizationId, ids, queue, since, until, failureClass, reason }: ReplayFilter): Sql {
  return join(
    [
      sql`status = 'failed'`,
      // Text that is no id names no job and no organization.
      ...(organizationId === undefined
        ? []
        : [isId(organizationId) ? sql`organization_id = ${organizationId}` : sql`false`]),
      ...(ids === undefined ? [] : [sql`id = ANY (${ids.filter(isId)}::uuid[])`]),
      ...(queue === undefined ? [] : [sql`queue = ${queue}`]),
      ...(since === undefined ? [] : [sql`updated_at >= ${since}::timestamptz`]),
      ...(until === undefined ? [] : [sql`updated_at < ${until}::timestamptz`]),
      ...(failureClass === undefined ? [] : [sql`failure_class = ${failureClass}`]),
      ...(reason === undefined ? [] : [sql`strpos(lower(error), lower(${reason})) > 0`]),
    ],
    ' AND ',
  );
}
