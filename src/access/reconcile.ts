import sql, { empty, type Sql } from 'sql-template-tag';
import type { Transaction } from '../platform/database.ts';
import { redactedSql } from '../platform/redact-secrets.ts';
import type { Cause } from '../sync-log/append.ts';
import { accessDifference } from './desired-access.ts';

export interface ReconcileInput {
  organizationId: string;
  userIds: readonly string[];
  cause: Cause;
  jobId: string;
  /** Counts from 1. */
  attempt: number;
  /** Log only what had to be repaired; users whose access was right leave no entry. */
  onlyDrift?: boolean;
  /** More jobs of the organization, done in the same go, each with entries of its own as if it had come after this one. */
  others?: readonly ReconciledJob[];
  /** A data-modifying statement to run in the same round trip, for example the deletion of the job row. */
  alongside?: Sql;
}

/** One job among several that are done together. */
export interface ReconciledJob {
  jobId: string;
  /** Counts from 1. */
  attempt: number;
  requestId: string | null;
  userIds: readonly string[];
}

export interface ReconcileResult {
  /** Users whose access or role changed. */
  succeeded: number;
  /** Users who needed nothing, are gone, or are not managed by the directory. */
  skipped: number;
}

/**
 * Makes the directory grants and the role of `userIds` what groups and mappings say now, and leaves one SYNC_ACCESS
 * entry per user: SUCCESS with what changed, SKIPPED when nothing had to. Where several jobs name a user, the first one
 * has the change and the others find nothing to do, as if they had been done one after the other.
 *
 * Two statements in one round trip, and their order is the point. The first locks the user rows, in id order so that two
 * reconciles cannot deadlock. The second computes *and* applies: READ COMMITTED gives it a snapshot taken after the locks
 * were had, so it sees everything that a reconcile it waited for has written. One statement for both would compute from a
 * snapshot older than its locks and could undo newer access. What commits later (a membership, a mapping) brings a job
 * of its own, which waits for these locks in turn.
 *
 * Rows are looked up one by one (LATERAL, and by their place in the table, which does not change while the users are
 * locked): a plan that is made while there are a few users, and kept, would
 * otherwise walk all users of the organization for each job when there are many.
 *
 * Only users whom the directory manages, and only grants of origin `directory`, are ever written.
 */
export async function reconcileUsers(tx: Transaction, input: ReconcileInput): Promise<ReconcileResult> {
  const { jobId, attempt, cause, userIds, others = [] } = input;
  const jobs = [{ jobId, attempt, requestId: cause.requestId, userIds }, ...others];
  const lock = sql`
    SELECT u.id FROM users u
    WHERE u.organization_id = ${input.organizationId} AND u.id = ANY (${jobs.flatMap((job) => job.userIds)}::uuid[])
    ORDER BY u.id
    FOR NO KEY UPDATE`;
  const apply = applyAccess(input, jobs);
  const [, [result]] = await tx.queryInOrder<[{ id: string }, ReconcileResult]>([lock, apply]);
  return result ?? { succeeded: 0, skipped: 0 };
}

/**
 * Desired minus actual, applied and logged for the whole batch.
 *
 * A workspace may be deleted meanwhile: `touched` locks the workspaces of the difference first (KEY SHARE, what a
 * foreign key takes anyway), so a deleted one drops out of the difference instead of failing the batch, and no row of
 * a workspace is written before that workspace is locked, so the deletion's cascade cannot deadlock with this.
 */
function applyAccess(
  { organizationId, cause: { actor }, onlyDrift, alongside }: ReconcileInput,
  jobs: readonly ReconciledJob[],
): Sql {
  return sql`
    WITH job AS MATERIALIZED (
      SELECT * FROM unnest(
        ${jobs.map(({ jobId }) => jobId)}::uuid[], ${jobs.map(({ attempt }) => attempt)}::integer[],
        ${jobs.map(({ requestId }) => requestId)}::text[]
      ) WITH ORDINALITY AS job (job_id, attempt, request_id, place)
    ), asked AS MATERIALIZED (
      SELECT DISTINCT place, id FROM unnest(
        ${jobs.flatMap(({ userIds }, index) => userIds.map(() => index + 1))}::integer[],
        ${jobs.flatMap(({ userIds }) => userIds)}::uuid[]) AS asked (place, id)
    ), requested AS MATERIALIZED (
      SELECT id, min(place) AS place FROM asked GROUP BY id
    ), concerned AS MATERIALIZED (
      SELECT u.id, u.user_name, u.active, u.role, u.managed_by = 'directory' AS managed
      FROM requested r
      CROSS JOIN LATERAL (
        SELECT * FROM users WHERE organization_id = ${organizationId} AND id = r.id LIMIT 1) AS u
    ), ${accessDifference(organizationId)}, touched AS MATERIALIZED (
      SELECT w.id, w.name FROM workspaces w
      WHERE w.organization_id = ${organizationId} AND w.id IN (SELECT workspace_id FROM difference)
      ORDER BY w.id
      FOR KEY SHARE
    ), granted AS (
      INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      SELECT ${organizationId}::uuid, t.id, d.user_id, 'directory'
      FROM difference d JOIN touched t ON t.id = d.workspace_id
      WHERE d.missing
      RETURNING user_id, workspace_id
    ), revoked AS (
      DELETE FROM workspace_members m
      USING (
        SELECT held.ctid AS place
        FROM difference d
        JOIN touched t ON t.id = d.workspace_id
        CROSS JOIN LATERAL (
          -- IS NOT DISTINCT keeps the index by workspace out, which would walk everybody in it for each user.
          SELECT w.ctid FROM workspace_members w
          WHERE w.organization_id = ${organizationId} AND w.user_id = d.user_id AND w.origin = 'directory'
            AND w.workspace_id IS NOT DISTINCT FROM t.id
          LIMIT 1) AS held
        WHERE NOT d.missing) AS going
      WHERE m.ctid = going.place
      RETURNING m.user_id, m.workspace_id
    ), changed_role AS (
      -- Neither version nor updated_at: a role is no attribute of the SCIM resource, its ETag must not move.
      UPDATE users u SET role = given.after
      FROM (
        SELECT found.ctid AS place, d.after
        FROM desired_role d
        CROSS JOIN LATERAL (
          SELECT ctid FROM users WHERE organization_id = ${organizationId} AND id = d.user_id LIMIT 1) AS found
        WHERE d.before IS DISTINCT FROM d.after) AS given
      WHERE u.ctid = given.place
      RETURNING u.id AS user_id
    ), granted_of AS (
      SELECT g.user_id, jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name) ORDER BY t.name) AS workspaces
      FROM granted g JOIN touched t ON t.id = g.workspace_id GROUP BY g.user_id
    ), revoked_of AS (
      SELECT r.user_id, jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name) ORDER BY t.name) AS workspaces
      FROM revoked r JOIN touched t ON t.id = r.workspace_id GROUP BY r.user_id
    ), result AS MATERIALIZED (
      SELECT r.id, r.place, c.user_name, c.active, c.managed, coalesce(g.workspaces, '[]') AS granted,
        coalesce(v.workspaces, '[]') AS revoked, role.before, role.after, changed_role.user_id IS NOT NULL AS role_changed,
        g.user_id IS NOT NULL OR v.user_id IS NOT NULL OR changed_role.user_id IS NOT NULL AS changed
      FROM requested r
      LEFT JOIN concerned c ON c.id = r.id
      LEFT JOIN granted_of g ON g.user_id = r.id
      LEFT JOIN revoked_of v ON v.user_id = r.id
      LEFT JOIN desired_role role ON role.user_id = r.id
      LEFT JOIN changed_role ON changed_role.user_id = r.id
    ), outcome AS MATERIALIZED (
      SELECT job.*, result.id, user_name, active, managed, after, coalesce(changed AND first, false) AS changed,
        CASE WHEN first THEN granted ELSE '[]' END AS granted, CASE WHEN first THEN revoked ELSE '[]' END AS revoked,
        CASE WHEN first THEN before ELSE after END AS before, role_changed
      FROM (SELECT asked.id, asked.place, asked.place = r.place AS first FROM asked JOIN requested r ON r.id = asked.id) AS a
      JOIN result ON result.id = a.id
      JOIN job ON job.place = a.place
    ), entry AS (
      INSERT INTO sync_logs (organization_id, action, status, resource_type, resource_id, resource_name,
        actor_type, actor_id, actor_name, message, details, request_id, job_id, attempt)
      SELECT ${organizationId}::uuid, 'SYNC_ACCESS', CASE WHEN changed THEN 'SUCCESS' ELSE 'SKIPPED' END,
        'User', id::text, ${redactedSql(sql`user_name`)}, ${actor.type}::text, ${actor.id}::text, ${actor.name}::text,
        ${messageOfResult},
        CASE WHEN managed THEN jsonb_build_object('workspacesGranted', granted, 'workspacesRevoked', revoked,
          'roleBefore', before, 'roleAfter', after) ELSE '{}' END,
        request_id, job_id, attempt
      FROM outcome
      WHERE changed OR NOT ${onlyDrift ?? false}::boolean
      ORDER BY place, id
    )${alongside === undefined ? empty : sql`, alongside AS (${alongside})`}
    SELECT count(*) FILTER (WHERE changed) AS succeeded, count(*) FILTER (WHERE NOT changed) AS skipped FROM outcome`;
}

/** What happened to one row of `outcome`, in words. */
const messageOfResult: Sql = sql`
  CASE
    WHEN managed IS NULL THEN 'Nothing to do: the user has been deleted in the meantime.'
    WHEN NOT managed THEN 'Nothing to do: this user is not managed by the directory.'
    WHEN changed THEN 'Access updated: ' || concat_ws(', ',
      CASE WHEN granted <> '[]' THEN jsonb_array_length(granted) || ' granted' END,
      CASE WHEN revoked <> '[]' THEN jsonb_array_length(revoked) || ' revoked' END,
      CASE WHEN role_changed THEN 'role ' || coalesce(before, 'none') || ' to ' || coalesce(after, 'none') END) || '.'
    WHEN NOT active THEN 'Nothing to do: the user is inactive and has no access.'
    ELSE 'Nothing to do: access already matches groups and mappings.'
  END`;
