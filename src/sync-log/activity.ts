import sql, { empty, type Sql } from 'sql-template-tag';
import type { SyncLogStatus } from '../contract/sync-log.ts';
import type { Queryable } from '../platform/database.ts';
import { earliestId, type SyncLogFilters } from './query.ts';

export interface HourOfActivity extends Record<SyncLogStatus, number> {
  /** The beginning of the hour. */
  at: Date;
  /** Users whose access a job brought up to date because of a request. */
  applied: number;
  appliedP50Ms: number | null;
  appliedP95Ms: number | null;
}

export interface Activity {
  from: Date;
  to: Date;
  /** False: hours before `countedFrom` are too low. */
  complete: boolean;
  countedFrom: Date;
  hours: HourOfActivity[];
}

/** Entries that one answer reads, the newest: some 0.3 s. More hours of a busy service are not worth more. */
const defaultMaxEntries = 100_000;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Entries by hour and status, and the time from a change to its effect: from the first entry of a request to each
 * SYNC_ACCESS entry of the jobs that it added. One statement over the newest entries, whose number is bounded.
 *
 * @param organizationId null: all organizations
 * @param options.retentionDays entries that are older are not counted
 */
export async function readActivity(
  db: Queryable,
  organizationId: string | null,
  {
    hours,
    maxEntries = defaultMaxEntries,
    retentionDays,
  }: { hours: number; maxEntries?: number } & Pick<SyncLogFilters, 'retentionDays'>,
): Promise<Activity> {
  const [clock] = await db.query<{ now: Date }>(sql`SELECT clock_timestamp() AS now`);
  if (clock === undefined) throw new Error('SELECT without FROM answered no row');
  const to = clock.now;
  const from = new Date(Math.floor(to.getTime() / hourMs) * hourMs - (hours - 1) * hourMs);
  const keptFrom = retentionDays == null ? from : new Date(Math.max(Number(from), Number(to) - retentionDays * dayMs));
  const counted = await db.query<HourOfActivity & { entries: number; oldest: Date }>(
    statement(organizationId, keptFrom, maxEntries),
  );
  const entries = counted.reduce((sum, hour) => sum + hour.entries, 0);
  const complete = entries < maxEntries;
  const oldest = Math.min(to.getTime(), ...counted.map((hour) => hour.oldest.getTime()));
  const byHour = new Map(counted.map(({ entries: _, oldest: __, ...hour }) => [hour.at.getTime(), hour]));
  return {
    from,
    to,
    complete,
    countedFrom: complete ? keptFrom : new Date(oldest),
    hours: Array.from({ length: hours }, (_, n) => {
      const at = new Date(from.getTime() + n * hourMs);
      return (
        byHour.get(at.getTime()) ?? {
          at,
          SUCCESS: 0,
          SKIPPED: 0,
          FAILED: 0,
          applied: 0,
          appliedP50Ms: null,
          appliedP95Ms: null,
        }
      );
    }),
  };
}

function statement(organizationId: string | null, from: Date, maxEntries: number): Sql {
  return sql`
    WITH recent AS MATERIALIZED (
      SELECT organization_id, occurred_at, action, status, request_id FROM sync_logs
      WHERE id >= ${earliestId(from.toISOString())}::uuid AND occurred_at >= ${from}::timestamptz
        ${organizationId === null ? empty : sql`AND organization_id = ${organizationId}::uuid`}
      ORDER BY id DESC LIMIT ${maxEntries}
    ), change AS (
      SELECT organization_id, request_id, min(occurred_at) AS at FROM recent
      WHERE action <> 'SYNC_ACCESS' AND request_id IS NOT NULL GROUP BY organization_id, request_id
    ), lag AS (
      SELECT date_trunc('hour', r.occurred_at) AS hour,
        extract(epoch FROM r.occurred_at - c.at) * 1000 AS ms
      FROM recent r
      JOIN change c ON c.organization_id = r.organization_id AND c.request_id = r.request_id
      WHERE r.action = 'SYNC_ACCESS' AND r.status <> 'FAILED' AND r.occurred_at >= c.at
    ), lag_of_hour AS (
      SELECT hour, count(*) AS applied,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ms::float8) AS ms
      FROM lag GROUP BY hour
    ), of_hour AS (
      SELECT date_trunc('hour', occurred_at) AS hour, count(*) AS entries, min(occurred_at) AS oldest,
        count(*) FILTER (WHERE status = 'SUCCESS') AS success,
        count(*) FILTER (WHERE status = 'SKIPPED') AS skipped,
        count(*) FILTER (WHERE status = 'FAILED') AS failed
      FROM recent GROUP BY 1
    )
    SELECT hour AS at, entries, oldest, success AS "SUCCESS", skipped AS "SKIPPED", failed AS "FAILED",
      coalesce(applied, 0) AS applied, round(ms[1]::numeric)::float8 AS "appliedP50Ms",
      round(ms[2]::numeric)::float8 AS "appliedP95Ms"
    FROM of_hour LEFT JOIN lag_of_hour USING (hour)`;
}
