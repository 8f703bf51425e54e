import sql, { empty, join, type Sql } from 'sql-template-tag';
import type { ActorType, SyncLogAction, SyncLogResourceType, SyncLogStatus } from '../contract/sync-log.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { idAt, idMarginMs } from './moment-id.ts';
import { containsPattern, cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';

export interface SyncLogEntry {
  id: string;
  occurredAt: Date;
  action: SyncLogAction;
  status: SyncLogStatus;
  resource: { type: SyncLogResourceType; id: string | null; name: string | null };
  actor: { type: ActorType; id: string | null; name: string | null };
  message: string;
  details: Record<string, unknown>;
  requestId: string | null;
  jobId: string | null;
  /** Counts from 1. */
  attempt: number | null;
}

/** All that are given must hold. */
export interface SyncLogFilters {
  status?: SyncLogStatus | undefined;
  action?: SyncLogAction | undefined;
  resourceType?: SyncLogResourceType | undefined;
  resourceId?: string | undefined;
  actorType?: ActorType | undefined;
  actorId?: string | undefined;
  /** Part of the resource name, the actor name or the message, letter case aside. */
  q?: string | undefined;
  /** ISO 8601, inclusive. */
  from?: string | undefined;
  /** ISO 8601, exclusive. */
  to?: string | undefined;
  requestId?: string | undefined;
  jobId?: string | undefined;
  /** Entries that are older, by the database's clock, count as gone; their partition is dropped later. null: none are. */
  retentionDays?: number | null | undefined;
}

/** The columns of a `SyncLogEntry`. */
export const entryColumns: Sql = sql`
  id, occurred_at AS "occurredAt", action, status,
  json_build_object('type', resource_type, 'id', resource_id, 'name', resource_name) AS resource,
  json_build_object('type', actor_type, 'id', actor_id, 'name', actor_name) AS actor,
  message, details, request_id AS "requestId", job_id AS "jobId", attempt`;

/** The entries of an organization that match, newest first. */
export async function querySyncLogs(
  db: Queryable,
  organizationId: string,
  { limit, cursor, ...filters }: SyncLogFilters & PageRequest,
): Promise<Page<SyncLogEntry>> {
  const before = cursorId(cursor);
  const rows = await db.query<SyncLogEntry>(sql`
    SELECT ${entryColumns} FROM sync_logs
    WHERE ${join([sql`organization_id = ${organizationId}::uuid`, ...conditions(filters)], ' AND ')}
      ${before === null ? empty : sql`AND id < ${before}::uuid`}
    ORDER BY id DESC LIMIT ${limit + 1}`);
  return pageOf(rows, limit);
}

/** @throws NotFoundError for an entry that is unknown, no longer kept, or of another organization */
export async function getSyncLogEntry(
  db: Queryable,
  organizationId: string,
  entryId: string,
  kept: Pick<SyncLogFilters, 'retentionDays'> = {},
): Promise<SyncLogEntry> {
  const [entry] = isId(entryId)
    ? await db.query<SyncLogEntry>(sql`
        SELECT ${entryColumns} FROM sync_logs
        WHERE ${join([sql`id = ${entryId}::uuid`, sql`organization_id = ${organizationId}::uuid`, ...conditions(kept)], ' AND ')}`)
    : [];
  if (entry === undefined) throw new NotFoundError('sync log entry', entryId);
  return entry;
}

/** Conditions on `sync_logs` beside the organization. */
export function conditions(filters: SyncLogFilters): Sql[] {
  const { status, action, resourceType, resourceId, actorType, actorId, q, from, to, requestId, jobId, retentionDays } =
    filters;
  const all: Sql[] = [];
  if (status !== undefined) all.push(sql`status = ${status}`);
  if (action !== undefined) all.push(sql`action = ${action}`);
  if (resourceType !== undefined) all.push(sql`resource_type = ${resourceType}`);
  if (resourceId !== undefined) all.push(sql`resource_id = ${resourceId}`);
  if (actorType !== undefined) all.push(sql`actor_type = ${actorType}`);
  if (actorId !== undefined) all.push(sql`actor_id = ${actorId}`);
  if (requestId !== undefined) all.push(sql`request_id = ${requestId}`);
  // A job id that is none names no job.
  if (jobId !== undefined) all.push(isId(jobId) ? sql`job_id = ${jobId}::uuid` : sql`false`);
  if (from !== undefined) all.push(sql`occurred_at >= ${from}::timestamptz AND id >= ${earliestId(from)}::uuid`);
  if (to !== undefined) all.push(sql`occurred_at < ${to}::timestamptz AND id < ${latestId(to)}::uuid`);
  if (retentionDays != null) all.push(withinLast(days(retentionDays)));
  if (q !== undefined) {
    const pattern = containsPattern(q);
    all.push(sql`(resource_name ILIKE ${pattern} OR actor_name ILIKE ${pattern} OR message ILIKE ${pattern})`);
  }
  return all;
}

/**
 * Entries of the last so long, by the database's clock. The bound of their ids lets a walk along an index of ids stop
 * there instead of reading the whole past, and passes over partitions.
 *
 * @param length an interval
 * @param of what goes before a column, such as `l.`
 */
export function withinLast(length: Sql, of: Sql = empty): Sql {
  return sql`${of}occurred_at >= now() - ${length}
    AND ${of}id >= first_id_at(now() - ${length} - interval '1 ms' * ${idMarginMs}::integer)`;
}

/** An interval of so many times 24 hours; a calendar day may be shorter or longer where clocks are put forward or back. */
export function days(count: number): Sql {
  return sql`make_interval(hours => ${count * 24}::integer)`;
}

/** How many of the rows, entries of the log, have each status: an aggregate, answered as `Record<SyncLogStatus, number>`. */
export const countsByStatus: Sql = sql`
  jsonb_build_object('SUCCESS', count(*) FILTER (WHERE status = 'SUCCESS'),
    'SKIPPED', count(*) FILTER (WHERE status = 'SKIPPED'), 'FAILED', count(*) FILTER (WHERE status = 'FAILED'))`;

/**
 * The lowest id of entries since a moment: lets a walk along the index of ids stop there instead of reading the whole
 * past, and passes over partitions.
 *
 * @param moment ISO 8601
 */
export function earliestId(moment: string): string {
  return idAt(Date.parse(moment) - idMarginMs);
}

/** Above every id of entries before a moment. */
function latestId(moment: string): string {
  return idAt(Date.parse(moment) + idMarginMs);
}
