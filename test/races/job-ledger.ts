import sql from 'sql-template-tag';
import type { Queryable } from '../../src/platform/database.ts';

/**
 * Has the database note every job row that is ever added, and its payload as last changed: rows of done jobs are gone,
 * and whether each of them came to an end can only be told from a list that nobody of the service writes.
 */
export async function noteJobs(db: Queryable): Promise<void> {
  await db.query(sql`
    CREATE TABLE noted_jobs (
      id uuid PRIMARY KEY, organization_id uuid NOT NULL, queue text NOT NULL, payload jsonb NOT NULL, request_id text)`);
  await db.query(sql`CREATE INDEX ON noted_jobs (organization_id)`);
  await db.query(sql`
    CREATE FUNCTION note_job() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO noted_jobs VALUES (NEW.id, NEW.organization_id, NEW.queue, NEW.payload, NEW.request_id)
      ON CONFLICT (id) DO UPDATE SET payload = excluded.payload;
      RETURN NULL;
    END $$`);
  await db.query(sql`
    CREATE TRIGGER note_job AFTER INSERT OR UPDATE OF payload ON sync_jobs FOR EACH ROW EXECUTE FUNCTION note_job()`);
}

/** The jobs that a request has added, oldest first. */
export async function jobsOfRequest(db: Queryable, organizationId: string, requestId: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    SELECT id FROM noted_jobs WHERE organization_id = ${organizationId} AND request_id = ${requestId} ORDER BY id`);
  return rows.map(({ id }) => id);
}

/** A write that a test has sent, and how it was answered. */
export interface SentWrite {
  side: 'scim' | 'admin';
  /** For the report of a failure. */
  title: string;
  requestId: string;
  status: number;
}

/**
 * Whatever contradicts "exactly one log entry per write and per job, no job forgotten", as sentences; none: [].
 * Meaningful when no job is waiting.
 *
 * - A SCIM write has one entry, FAILED when it was refused; none when the token was refused. An admin's write has one,
 *   and at most one FAILED when it was refused.
 * - A job whose row is gone has one entry for each of its users, or one that says why it was skipped as a whole; a walk
 *   has one of totals, and none of its users twice.
 * - A job whose row stands is `failed`, and an entry says so.
 */
export async function unaccounted(
  db: Queryable,
  organizationId: string,
  writes: readonly SentWrite[],
): Promise<string[]> {
  return [...(await unaccountedWrites(db, organizationId, writes)), ...(await unaccountedJobs(db, organizationId))];
}

async function unaccountedWrites(
  db: Queryable,
  organizationId: string,
  writes: readonly SentWrite[],
): Promise<string[]> {
  const rows = await db.query<{ requestId: string; statuses: string[] }>(sql`
    SELECT request_id AS "requestId", array_agg(status) AS statuses FROM sync_logs
    WHERE organization_id = ${organizationId} AND action <> 'SYNC_ACCESS'
      AND request_id = ANY (${writes.map(({ requestId }) => requestId)})
    GROUP BY request_id`);
  const entriesOf = new Map(rows.map(({ requestId, statuses }) => [requestId, statuses]));
  return writes.flatMap(({ side, title, requestId, status }) => {
    const entries = entriesOf.get(requestId) ?? [];
    const refused = status >= 400;
    const due = refused && (side === 'admin' || status === 401) ? [0, side === 'admin' ? 1 : 0] : [1];
    const right = due.includes(entries.length) && entries.every((entry) => (entry === 'FAILED') === refused);
    return right ? [] : [`${title} was answered ${status} and left the entries [${entries.join()}]`];
  });
}

async function unaccountedJobs(db: Queryable, organizationId: string): Promise<string[]> {
  const rows = await db.query<{ problem: string }>(sql`
    WITH entry AS MATERIALIZED (
      SELECT job_id, resource_type, resource_id, status, count(*) AS times FROM sync_logs
      WHERE organization_id = ${organizationId} AND action = 'SYNC_ACCESS'
      GROUP BY job_id, resource_type, resource_id, status
    ), job AS MATERIALIZED (
      SELECT n.id, n.queue, n.payload, j.status AS row_status,
        (SELECT coalesce(sum(times), 0) FROM entry
         WHERE job_id = n.id AND resource_type = 'Job' AND status = 'SKIPPED') AS skipped,
        (SELECT coalesce(sum(times), 0) FROM entry
         WHERE job_id = n.id AND resource_type = 'Job' AND status = 'FAILED') AS failed,
        (SELECT coalesce(sum(times), 0) FROM entry
         WHERE job_id = n.id AND resource_type IN ('GroupMapping', 'Organization') AND status <> 'FAILED') AS totals
      FROM noted_jobs n LEFT JOIN sync_jobs j ON j.id = n.id
      WHERE n.organization_id = ${organizationId}
    ), per_user AS MATERIALIZED (
      SELECT job_id, resource_id, sum(times) AS times FROM entry WHERE resource_type = 'User' GROUP BY job_id, resource_id
    )
    SELECT format('the %s job %s is left %s', queue, id, row_status) AS problem FROM job
    WHERE row_status IS NOT NULL AND (row_status <> 'failed' OR failed = 0)
    UNION ALL
    SELECT format('the job %s of [%s] left %s entries of user %s and %s of a skipped job',
      job.id, job.payload, coalesce(per_user.times, 0), u.id, skipped)
    FROM job
    CROSS JOIN LATERAL jsonb_array_elements_text(job.payload -> 'userIds') AS u (id)
    LEFT JOIN per_user ON per_user.job_id = job.id AND per_user.resource_id = u.id
    WHERE job.queue = 'group-membership' AND row_status IS NULL AND coalesce(per_user.times, 0) + skipped <> 1
    UNION ALL
    SELECT format('the walk %s left %s entries of totals and %s of a skipped job', id, totals, skipped) FROM job
    WHERE queue = 'workspace-mapping' AND row_status IS NULL AND totals + skipped <> 1
    UNION ALL
    SELECT format('the job %s left %s entries of user %s', job.id, times, resource_id)
    FROM job JOIN per_user ON per_user.job_id = job.id WHERE times > 1`);
  return rows.map(({ problem }) => problem);
}

/**
 * Rows of the organization that nothing justifies: memberships, grants and mappings of users, groups or workspaces that
 * are not there, and grants of whom the directory does not manage. Foreign keys forbid most of it; this asks whether it
 * is so.
 */
export function orphans(db: Queryable, organizationId: string): Promise<object[]> {
  return db.query(sql`
    SELECT 'membership' AS orphan, m.group_id AS of_id, m.user_id AS id FROM group_members m
    WHERE m.organization_id = ${organizationId} AND (
      NOT EXISTS (SELECT FROM users u WHERE u.organization_id = m.organization_id AND u.id = m.user_id)
      OR NOT EXISTS (SELECT FROM groups g WHERE g.organization_id = m.organization_id AND g.id = m.group_id))
    UNION ALL
    SELECT 'grant', m.workspace_id, m.user_id FROM workspace_members m
    WHERE m.organization_id = ${organizationId} AND (
      NOT EXISTS (SELECT FROM users u WHERE u.organization_id = m.organization_id AND u.id = m.user_id
        AND (m.origin = 'manual' OR u.managed_by = 'directory'))
      OR NOT EXISTS (SELECT FROM workspaces w WHERE w.organization_id = m.organization_id AND w.id = m.workspace_id))
    UNION ALL
    SELECT 'mapping', m.group_id, m.workspace_id FROM group_mapping_workspaces m
    WHERE m.organization_id = ${organizationId} AND (
      NOT EXISTS (SELECT FROM groups g WHERE g.organization_id = m.organization_id AND g.id = m.group_id)
      OR NOT EXISTS (SELECT FROM group_mappings gm WHERE gm.organization_id = m.organization_id AND gm.group_id = m.group_id)
      OR NOT EXISTS (SELECT FROM workspaces w WHERE w.organization_id = m.organization_id AND w.id = m.workspace_id))`);
}
