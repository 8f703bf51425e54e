import sql from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { withinLast } from '../sync-log/query.ts';

export interface Rates {
  /** The stretch of time up to now that was looked at. */
  seconds: number;
  entriesPerMinute: number;
  scimWritesPerMinute: number;
  /** Jobs that were applied or skipped. */
  jobsPerMinute: number;
  jobsFailedPerMinute: number;
}

const windowSeconds = 300;

/** Some 30 ms; on a service that writes more in five minutes the rates are of a shorter time. */
const maxEntries = 20_000;

/** What the whole service did lately, by the sync log: the same from every process. */
export async function readRates(db: Queryable): Promise<Rates> {
  const [row] = await db.query<Record<'entries' | 'writes' | 'jobs' | 'failed', number> & { seconds: number }>(sql`
    WITH recent AS MATERIALIZED (
      SELECT occurred_at, actor_type, action, status, job_id FROM sync_logs
      WHERE ${withinLast(sql`make_interval(secs => ${windowSeconds})`)}
      ORDER BY id DESC LIMIT ${maxEntries}
    )
    SELECT count(*) AS entries, count(*) FILTER (WHERE actor_type = 'scim_token') AS writes,
      count(DISTINCT job_id) FILTER (WHERE action = 'SYNC_ACCESS' AND status <> 'FAILED') AS jobs,
      count(DISTINCT job_id) FILTER (WHERE action = 'SYNC_ACCESS' AND status = 'FAILED') AS failed,
      CASE WHEN count(*) < ${maxEntries} THEN ${windowSeconds}
        ELSE extract(epoch FROM clock_timestamp() - min(occurred_at)) END::float8 AS seconds
    FROM recent`);
  const { entries, writes, jobs, failed, seconds } = row ?? {
    entries: 0,
    writes: 0,
    jobs: 0,
    failed: 0,
    seconds: windowSeconds,
  };
  const perMinute = (count: number) => Math.round((count * 600) / Math.max(seconds, 1)) / 10;
  return {
    seconds: Math.round(seconds),
    entriesPerMinute: perMinute(entries),
    scimWritesPerMinute: perMinute(writes),
    jobsPerMinute: perMinute(jobs),
    jobsFailedPerMinute: perMinute(failed),
  };
}
