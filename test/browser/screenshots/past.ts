import sql, { raw } from 'sql-template-tag';
import type { Database, Queryable } from '../../../src/platform/database.ts';

/**
 * A day of the log before this hour, so that charts have something to show: changes that follow the hours of an office,
 * a few refusals, and for each change its effect some tenths of a second later.
 */
export async function addDayBefore(db: Queryable, organizationId: string): Promise<void> {
  // Ids are times (UUIDv7): entries of the past need those of then.
  await db.query(sql`
    WITH change AS (
      SELECT h, n, date_trunc('hour', now()) - h * interval '1 hour' + n * interval '31 seconds' AS at,
        CASE WHEN n % 23 = 7 THEN 'FAILED' WHEN n % 9 = 4 THEN 'SKIPPED' ELSE 'SUCCESS' END AS status,
        120 + (n * 37 % 400) + (CASE WHEN h = 6 THEN n * 60 ELSE 0 END) AS lag_ms
      FROM generate_series(1, 23) AS h,
        generate_series(1, (20 + 90 * greatest(0, sin(pi() * (22 - h) / 20)))::integer) AS n
    ), entry AS (
      SELECT at, 'UPDATE' AS action, status, 'The user was updated: title.' AS message, h, n FROM change
      UNION ALL
      SELECT at + lag_ms * interval '1 millisecond', 'SYNC_ACCESS', 'SUCCESS', 'Access updated: 1 granted.', h, n
      FROM change WHERE status = 'SUCCESS'
    )
    INSERT INTO sync_logs (id, organization_id, occurred_at, action, status, resource_type, actor_type, actor_name,
      message, request_id)
    SELECT (left(first_id_at(at)::text, 14) || '7000-8000-' || lpad(to_hex(row_number() OVER ()), 12, '0'))::uuid,
      ${organizationId}::uuid, at, action, status, 'User', 'scim_token', 'Okta', message, 'past-' || h || '-' || n
    FROM entry`);
}

/** Makes everything that has happened so far a thing of the week before, as if the organization had long been in use. */
export async function putBack(db: Database, organizationId: string): Promise<void> {
  const by = sql`interval '9 days 3 hours'`;
  await db.transaction(async (tx) => {
    // An entry's id is its time: with it the entry moves, into the partition of then.
    await tx.query(sql`
      UPDATE sync_logs SET occurred_at = occurred_at - ${by},
        id = (left(first_id_at(occurred_at - ${by})::text, 14) || substr(id::text, 15))::uuid
      WHERE organization_id = ${organizationId}`);
    for (const table of [
      'users',
      'groups',
      'workspaces',
      'group_mappings',
      'scim_tokens',
      'sso_connections',
      'admin_keys',
      'domains',
    ])
      await tx.query(sql`
        UPDATE ${raw(table)} SET created_at = created_at - ${by} WHERE organization_id = ${organizationId}`);
    for (const table of ['users', 'groups', 'group_mappings'])
      await tx.query(sql`
        UPDATE ${raw(table)} SET updated_at = updated_at - ${by} WHERE organization_id = ${organizationId}`);
  });
}
