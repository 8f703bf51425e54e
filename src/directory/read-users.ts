import sql, { type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import type { FilterSql } from './filter-sql.ts';
import type { JsonArray, ListWindow, Page } from './page.ts';
import { readPage } from './page.ts';
import { userColumns, type UserRow } from './user-record.ts';

/** A user as read: with the groups it is in, where the caller asked for them. */
export interface UserWithGroups extends UserRow {
  /** `{value, display}` of each group (RFC 7643 section 4.1.2, readOnly), null when not asked for. */
  groups: JsonArray | null;
}

/** @throws NotFoundError */
export async function readUser(
  db: Queryable,
  organizationId: string,
  id: string,
  options: { withGroups: boolean },
): Promise<UserWithGroups> {
  const [row] = isId(id)
    ? await db.query<UserWithGroups>(
        sql`
        SELECT ${userColumns}, ${groupsColumn(options.withGroups)} AS groups
        FROM users u WHERE u.organization_id = ${organizationId} AND u.id = ${id}`,
        'read',
      )
    : [];
  if (row === undefined) throw new NotFoundError('user', id);
  return row;
}

/**
 * One page of an organization's users, deactivated ones included: a provider must find whom it disabled.
 *
 * @param filter on `u`
 */
export function listUsers(
  db: Queryable,
  organizationId: string,
  { condition, isLookUp }: FilterSql,
  window: ListWindow,
  options: { withGroups: boolean },
): Promise<Page<UserWithGroups>> {
  return readPage(db, {
    columns: sql`${userColumns}, ${groupsColumn(options.withGroups)} AS groups`,
    table: sql`users`,
    row: sql`u`,
    where: sql`u.organization_id = ${organizationId} AND ${condition}`,
    isLookUp,
    window,
  });
}

/**
 * The `groups` of a user, for a table called `u`; NULL when not wanted. Each group is looked up by itself: a plan made
 * while there are few groups would walk all of them when there are many.
 */
export function groupsColumn(wanted: boolean): Sql {
  if (!wanted) return sql`NULL::jsonb`;
  return sql`(
    SELECT jsonb_agg(jsonb_build_object('value', g.id, 'display', g.display_name) ORDER BY g.id)
    FROM group_members m
    CROSS JOIN LATERAL (
      SELECT id, display_name FROM groups WHERE organization_id = m.organization_id AND id = m.group_id LIMIT 1) AS g
    WHERE m.organization_id = u.organization_id AND m.user_id = u.id)`;
}
