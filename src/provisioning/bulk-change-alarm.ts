import sql from 'sql-template-tag';
import type { Database, Queryable } from '../platform/database.ts';
import { systemCause } from '../sync-log/append.ts';
import { days, earliestId, withinLast } from '../sync-log/query.ts';

/** When a change counts as unusually large. */
export interface BulkChangeLimits {
  /** More users than this, in the window; null: any number is usual. */
  users: number | null;
  /** More than this share of the active users, in percent; null: any share is usual. */
  percent: number | null;
  windowMinutes: number;
}

/** A share of few people says nothing: from so many removed users on it counts. */
const leastUsersOfShare = 10;

/** A transaction commits at most so long after its entry took the time; looks overlap by it. */
const overlapMs = 60_000;

/** How long an alarm is shown with the organization's provisioning. */
const shownForDays = 7;

/** Only one process looks at a time; the number is arbitrary but fixed. */
const lookLock = 7_260_912;

/**
 * Watches for a token that deactivates, deletes or removes from groups unusually many users, and leaves one entry per
 * token and window. It derives everything from the sync log after the fact: no write pays for it, and none is ever held
 * back.
 *
 * A look first asks who removed anybody since the last look, which touches the newest entries only, and counts the whole
 * window just for those. The entry of a group's change names at most 100 of the users that it removed, so people who
 * were removed by several such changes may be counted more than once: the number is an upper bound.
 *
 * @returns a function that looks once, and answers how many alarms it raised
 */
export function watchBulkChanges(db: Database, limits: BulkChangeLimits): () => Promise<number> {
  let lookedAt: number | undefined;
  return () =>
    db.transaction(async (tx) => {
      const startedAt = performance.now();
      const [lock] = await tx.query<{ had: boolean; now: Date; windowStart: Date }>(sql`
        SELECT pg_try_advisory_xact_lock(${lookLock}::bigint) AS had, now(), now() - make_interval(mins => ${limits.windowMinutes}::integer) AS "windowStart"`);
      if (lock?.had !== true) return 0;
      const sinceMs = lookedAt === undefined ? Infinity : startedAt - lookedAt + overlapMs;
      const lookBackMs = Math.round(Math.min(sinceMs, limits.windowMinutes * 60_000));
      const suspects = await tx.query<Suspect>(sql`
        SELECT DISTINCT organization_id AS "organizationId", actor_id AS "tokenId"
        FROM sync_logs
        WHERE id >= ${earliestId(new Date(lock.now.getTime() - lookBackMs).toISOString())}::uuid
          AND occurred_at > now() - ${lookBackMs} * interval '1 ms' AND ${isRemoval}`);
      const raised = suspects.length === 0 ? 0 : await raise(tx, suspects, lock.windowStart, limits);
      lookedAt = startedAt;
      return raised;
    });
}

interface Suspect {
  organizationId: string;
  tokenId: string;
}

const isRemoval = sql`
  actor_type = 'scim_token' AND actor_id IS NOT NULL AND status = 'SUCCESS'
  AND (resource_type = 'User' AND action IN ('DEACTIVATE', 'DELETE') OR resource_type = 'Group' AND details ? 'membersRemoved')`;

async function raise(
  tx: Queryable,
  suspects: readonly Suspect[],
  windowStart: Date,
  { users, percent, windowMinutes }: BulkChangeLimits,
): Promise<number> {
  const { actor } = systemCause;
  const raised = await tx.query(sql`
    WITH suspect AS (
      SELECT organization_id, token_id
      FROM unnest(${suspects.map((one) => one.organizationId)}::uuid[], ${suspects.map((one) => one.tokenId)}::text[])
        AS s (organization_id, token_id)
      -- Told once per window.
      WHERE NOT EXISTS (
        SELECT FROM sync_logs told
        WHERE told.organization_id = s.organization_id AND told.resource_id = s.token_id
          AND told.action = 'BULK_CHANGE_ALARM' AND told.occurred_at > ${windowStart}::timestamptz
          AND told.id >= ${earliestId(windowStart.toISOString())}::uuid)
    ), removal AS MATERIALIZED (
      SELECT s.organization_id, s.token_id, l.actor_name, l.resource_type, l.resource_id, l.action, l.details
      FROM suspect s
      CROSS JOIN LATERAL (
        SELECT * FROM sync_logs
        WHERE organization_id = s.organization_id AND id >= ${earliestId(windowStart.toISOString())}::uuid
          AND occurred_at > ${windowStart}::timestamptz AND actor_id = s.token_id AND ${isRemoval}) AS l
    ), person AS (
      SELECT organization_id, token_id, resource_id AS user_id, action FROM removal WHERE resource_type = 'User'
      UNION ALL
      SELECT organization_id, token_id, named.user_id, 'REMOVE_MEMBERS'
      FROM removal CROSS JOIN LATERAL jsonb_array_elements_text(details -> 'removed') AS named (user_id)
      WHERE resource_type = 'Group'
    ), named AS (
      SELECT organization_id, token_id, count(DISTINCT user_id) AS users,
        count(DISTINCT user_id) FILTER (WHERE action = 'DEACTIVATE') AS deactivated,
        count(DISTINCT user_id) FILTER (WHERE action = 'DELETE') AS deleted,
        count(DISTINCT user_id) FILTER (WHERE action IN ('DEACTIVATE', 'DELETE')) AS gone
      FROM person GROUP BY organization_id, token_id
    ), total AS (
      SELECT r.organization_id, r.token_id, max(r.actor_name) AS token_name,
        coalesce(sum((r.details ->> 'membersRemoved')::bigint), 0) AS memberships,
        coalesce(sum((r.details ->> 'membersRemoved')::bigint
          - coalesce(jsonb_array_length(r.details -> 'removed'), 0)), 0)::bigint AS unnamed
      FROM removal r GROUP BY r.organization_id, r.token_id
    ), counted AS (
      SELECT t.organization_id, t.token_id, t.token_name, t.memberships, coalesce(n.deactivated, 0) AS deactivated,
        coalesce(n.deleted, 0) AS deleted, active.before,
        least(coalesce(n.users, 0) + t.unnamed, greatest(active.before, coalesce(n.users, 0))) AS users
      FROM total t
      LEFT JOIN named n ON n.organization_id = t.organization_id AND n.token_id = t.token_id
      CROSS JOIN LATERAL (
        SELECT count(*) + coalesce(n.gone, 0) AS before FROM users u
        WHERE u.organization_id = t.organization_id AND u.managed_by = 'directory' AND u.active) AS active
    )
    INSERT INTO sync_logs (organization_id, action, status, resource_type, resource_id, resource_name,
      actor_type, actor_id, actor_name, message, details)
    SELECT organization_id, 'BULK_CHANGE_ALARM', 'SUCCESS', 'ScimToken', token_id, token_name,
      ${actor.type}::text, ${actor.id}::text, ${actor.name}::text,
      format('The token %s deactivated, deleted or removed from groups %s of %s active users within %s minutes. '
        || 'Nothing was held back. If nobody meant this, pause provisioning in the identity provider, correct the '
        || 'assignments there, and revoke the token if it may be in the wrong hands.',
        token_name, users, before, ${windowMinutes}::integer),
      jsonb_build_object('users', users, 'activeUsers', before, 'deactivated', deactivated, 'deleted', deleted,
        'membershipsRemoved', memberships, 'windowMinutes', ${windowMinutes}::integer,
        'limitUsers', ${users}::integer, 'limitPercent', ${percent}::integer)
    FROM counted
    WHERE users > ${users}::bigint
      OR (users >= ${leastUsersOfShare} AND users * 100 > before * ${percent}::bigint)
    RETURNING id`);
  return raised.length;
}

export interface BulkChangeAlarm {
  occurredAt: Date;
  tokenId: string;
  message: string;
  /** Users whom the token removed in the window: an upper bound. */
  users: number;
  /** Active users before that. */
  activeUsers: number;
  windowMinutes: number;
}

/** The latest alarm of an organization that is not older than a week. */
export async function latestBulkChangeAlarm(db: Queryable, organizationId: string): Promise<BulkChangeAlarm | null> {
  // By way of the tokens: an index leads to the few entries about each.
  const [alarm] = await db.query<BulkChangeAlarm>(sql`
    SELECT l.occurred_at AS "occurredAt", t.id AS "tokenId", l.message, (l.details -> 'users')::integer AS users,
      (l.details -> 'activeUsers')::integer AS "activeUsers", (l.details -> 'windowMinutes')::integer AS "windowMinutes"
    FROM scim_tokens t
    JOIN sync_logs l ON l.organization_id = t.organization_id AND l.resource_id = t.id::text
    WHERE t.organization_id = ${organizationId}::uuid AND l.action = 'BULK_CHANGE_ALARM'
      AND ${withinLast(days(shownForDays), sql`l.`)}
    ORDER BY l.id DESC LIMIT 1`);
  return alarm ?? null;
}
