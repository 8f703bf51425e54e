import sql from 'sql-template-tag';
import type { Database, Queryable } from '../../../src/platform/database.ts';

/**
 * What every committed transaction did to access and to what access follows from, written down by triggers in the very
 * transaction: nothing between two looks is missed, as a sampler would. The commit's own timestamp
 * (`track_commit_timestamp`) says when a state began and ended.
 *
 * kinds: `member` (user, group), `mapped` (group, workspace), `active` (user), `grant` (user, workspace; directory
 * grants alone), `job` (job; extra: queue, payload).
 */
export async function installHistory(db: Database): Promise<void> {
  await db.query(sql`CREATE SCHEMA fault_history`);
  await db.query(sql`
    CREATE TABLE fault_history.event (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      organization_id uuid NOT NULL,
      kind text NOT NULL,
      subject uuid NOT NULL,
      object uuid,
      present boolean NOT NULL,
      extra jsonb,
      xid xid8 NOT NULL DEFAULT pg_current_xact_id()
    )`);
  await db.query(sql`CREATE INDEX ON fault_history.event (organization_id)`);
  await db.query(sql`
    CREATE FUNCTION fault_history.note() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      r record;
      there boolean := TG_OP <> 'DELETE';
    BEGIN
      r := CASE WHEN there THEN NEW ELSE OLD END;
      CASE TG_TABLE_NAME
        WHEN 'group_members' THEN
          INSERT INTO fault_history.event (organization_id, kind, subject, object, present)
          VALUES (r.organization_id, 'member', r.user_id, r.group_id, there);
        WHEN 'group_mapping_workspaces' THEN
          INSERT INTO fault_history.event (organization_id, kind, subject, object, present)
          VALUES (r.organization_id, 'mapped', r.group_id, r.workspace_id, there);
        WHEN 'workspace_members' THEN
          IF r.origin = 'directory' THEN
            INSERT INTO fault_history.event (organization_id, kind, subject, object, present)
            VALUES (r.organization_id, 'grant', r.user_id, r.workspace_id, there);
          END IF;
        WHEN 'users' THEN
          INSERT INTO fault_history.event (organization_id, kind, subject, present)
          VALUES (r.organization_id, 'active', r.id, there AND r.active);
        WHEN 'sync_jobs' THEN
          INSERT INTO fault_history.event (organization_id, kind, subject, present, extra)
          VALUES (r.organization_id, 'job', r.id, true, jsonb_build_object('queue', r.queue, 'payload', r.payload));
      END CASE;
      RETURN NULL;
    END $$`);
  const triggers = [
    ['group_members', 'INSERT OR DELETE'],
    ['group_mapping_workspaces', 'INSERT OR DELETE'],
    ['workspace_members', 'INSERT OR DELETE'],
    ['users', 'INSERT OR DELETE OR UPDATE OF active'],
    ['sync_jobs', 'INSERT'],
  ] as const;
  for (const [table, events] of triggers) {
    await db.pool.query(
      `CREATE TRIGGER fault_history AFTER ${events} ON ${table} FOR EACH ROW EXECUTE FUNCTION fault_history.note()`,
    );
  }
}

/**
 * Clocks of two commits are read one after the other, the visibility of their effects follows an instant later: so much
 * may lie between the two.
 */
const slack = sql`interval '50 ms'`;

/** A directory grant that no committed state of the run justifies. */
export interface UnjustifiedGrant {
  userId: string;
  workspaceId: string;
  grantedAt: Date;
}

/** Every grant ever committed that at no moment before followed from a membership, a mapping and an active user. */
export function unjustifiedGrants(db: Queryable, organizationIds: readonly string[]): Promise<UnjustifiedGrant[]> {
  return db.query<UnjustifiedGrant>(sql`
    WITH event AS MATERIALIZED (
      SELECT id, kind, subject, object, present, pg_xact_commit_timestamp(xid::xid) AS at
      FROM fault_history.event WHERE organization_id = ANY (${organizationIds}::uuid[])
    ), span AS MATERIALIZED (
      SELECT kind, subject, object, since, until FROM (
        SELECT kind, subject, object, present, at AS since,
          coalesce(lead(at) OVER (PARTITION BY kind, subject, object ORDER BY at, id), 'infinity') AS until
        FROM event WHERE kind IN ('member', 'mapped', 'active')) AS all_spans
      WHERE present
    ), justified AS MATERIALIZED (
      -- From which moment on some committed state of the run has justified the grant.
      SELECT m.subject AS user_id, p.object AS workspace_id, min(greatest(m.since, p.since, a.since)) AS since
      FROM span m
      JOIN span p ON p.kind = 'mapped' AND p.subject = m.object
      JOIN span a ON a.kind = 'active' AND a.subject = m.subject
      WHERE m.kind = 'member'
        AND greatest(m.since, p.since, a.since) < least(m.until, p.until, a.until) + ${slack}
      GROUP BY m.subject, p.object
    )
    SELECT g.subject AS "userId", g.object AS "workspaceId", g.at AS "grantedAt"
    FROM event g
    LEFT JOIN justified j ON j.user_id = g.subject AND j.workspace_id = g.object
    WHERE g.kind = 'grant' AND g.present AND (j.since IS NULL OR j.since > g.at + ${slack})
    ORDER BY g.id`);
}

/** How many access rows directory sync has written so far, grants and revocations. */
export async function accessRowsWritten(db: Queryable, organizationIds: readonly string[]): Promise<number> {
  const [row] = await db.query<{ written: number }>(sql`
    SELECT count(*) AS written FROM fault_history.event
    WHERE kind = 'grant' AND organization_id = ANY (${organizationIds}::uuid[])`);
  return row?.written ?? 0;
}

/** A job whose entries are not exactly those that it must leave. */
export interface MisloggedJob {
  jobId: string;
  queue: string;
  expected: number;
  /** Entries of successful or skipped work. */
  found: number;
  problem: string;
}

/**
 * Jobs that ended without an entry, or with one too many. A membership job leaves an entry for each of its users, a walk
 * one of its own beside those of its users, and a skipped job a single one; a look for drift may leave none.
 */
export function misloggedJobs(db: Queryable, organizationIds: readonly string[]): Promise<MisloggedJob[]> {
  return db.query<MisloggedJob>(sql`
    WITH job AS MATERIALIZED (
      SELECT subject AS id, extra->>'queue' AS queue, extra->'payload' AS payload
      FROM fault_history.event WHERE kind = 'job' AND organization_id = ANY (${organizationIds}::uuid[])
    ), entry AS MATERIALIZED (
      SELECT job_id, resource_type, resource_id, count(*) AS times
      FROM sync_logs
      WHERE organization_id = ANY (${organizationIds}::uuid[]) AND action = 'SYNC_ACCESS' AND status <> 'FAILED'
      GROUP BY job_id, resource_type, resource_id
    ), judged AS (
      SELECT j.id, j.queue, j.payload,
        CASE j.queue WHEN 'group-membership' THEN jsonb_array_length(j.payload->'userIds') ELSE 1 END AS expected,
        (SELECT coalesce(sum(times), 0) FROM entry e WHERE e.job_id = j.id
          AND (j.queue = 'group-membership') = (e.resource_type = 'User') AND e.resource_type <> 'Job') AS found,
        (SELECT coalesce(sum(times), 0) FROM entry e WHERE e.job_id = j.id AND e.resource_type = 'Job') AS skipped,
        (SELECT coalesce(max(times), 0) FROM entry e WHERE e.job_id = j.id) AS most
      FROM job j
      WHERE NOT EXISTS (SELECT FROM sync_jobs s WHERE s.id = j.id) AND j.payload->'onlyDrift' IS NULL
    )
    SELECT id AS "jobId", queue, expected::integer, found::integer,
      CASE WHEN most > 1 THEN 'an entry twice' WHEN skipped > 1 THEN 'skipped twice' ELSE 'entries are missing' END AS problem
    FROM judged
    -- A walk that was skipped in the middle has entries of users beside the one that says so.
    WHERE most > 1 OR skipped > 1 OR (skipped = 0 AND found <> expected) OR (skipped = 1 AND found > 0)
    ORDER BY id`);
}
