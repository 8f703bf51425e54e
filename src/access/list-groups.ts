import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { groupSorts } from '../contract/groups.ts';
import type { SortOrder } from '../contract/page.ts';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { sortCursor, sortPosition } from '../platform/keyset.ts';

export interface GroupMapping {
  workspaceIds: string[];
  /** null: use the connection role. */
  role: OrganizationRole | null;
  updatedAt: Date;
}

export interface GroupListItem {
  id: string;
  displayName: string;
  externalId: string | null;
  memberCount: number;
  /** When its name or its members changed last. */
  updatedAt: Date;
  mapping: GroupMapping | null;
}

type GroupSort = (typeof groupSorts)[number];

export interface GroupListQuery {
  /** Part of the display name, any case. */
  q?: string | undefined;
  /** Only groups that have a mapping, or only those without. */
  mapped?: boolean | undefined;
  /** By name unless said otherwise. */
  sort?: GroupSort | undefined;
  order?: SortOrder | undefined;
  /** 1-200. */
  limit: number;
  cursor?: string | undefined;
}

const memberCount = sql`(
  SELECT count(*) FROM group_members gm WHERE gm.organization_id = g.organization_id AND gm.group_id = g.id)`;

/** Of a group `g` with its mapping `m`. */
const columns = sql`
  g.display_name AS "displayName", g.external_id AS "externalId", ${memberCount} AS "memberCount",
  g.updated_at AS "updatedAt",
  CASE WHEN m.group_id IS NULL THEN NULL ELSE jsonb_build_object(
    'workspaceIds', coalesce((
      SELECT jsonb_agg(mw.workspace_id ORDER BY mw.workspace_id) FROM group_mapping_workspaces mw
      WHERE mw.organization_id = g.organization_id AND mw.group_id = g.id), '[]'),
    'role', m.role,
    'updatedAt', m.updated_at) END AS mapping`;

/** Each key fits into a cursor and compares as it sorts; the id decides among equal ones, and longer names that begin alike. */
const sortKeys: Record<GroupSort, { key: Sql; kind: 'text' | 'bigint' }> = {
  displayName: { key: sql`left(g.display_name_key, 150)`, kind: 'text' },
  memberCount: { key: memberCount, kind: 'bigint' },
  updatedAt: { key: sql`floor(extract(epoch FROM g.updated_at) * 1000000)::bigint`, kind: 'bigint' },
};

/**
 * The groups that the directory pushed, each with its mapping. Whatever the order, all of an organization's groups are
 * sorted for each page: ten thousand of them are no work worth an index. In order of size their members are counted,
 * which takes as long as it takes to read one index entry for each.
 *
 * @throws DomainError `invalid-cursor`
 */
export async function listGroups(
  db: Queryable,
  organizationId: string,
  { q, mapped, sort = 'displayName', order = 'asc', limit, cursor }: GroupListQuery,
): Promise<{ items: GroupListItem[]; nextCursor: string | null }> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const orderName = `${sort} ${order}`;
  const { key, kind } = sortKeys[sort];
  const after = sortPosition(orderName, kind, cursor);
  const [direction, isBehind] = order === 'asc' ? [sql`ASC`, sql`>`] : [sql`DESC`, sql`<`];
  const rows = await db.query<GroupListItem & { key: string | number }>(sql`
    WITH page AS MATERIALIZED (
      SELECT * FROM (
        SELECT g.*, ${key} AS key FROM groups g
        WHERE g.organization_id = ${organizationId}
          ${q === undefined || q === '' ? empty : sql`AND strpos(g.display_name_key, lower(${q})) > 0`}
          ${
            mapped === undefined
              ? empty
              : sql`AND ${mapped} = EXISTS (
            SELECT FROM group_mappings m WHERE m.organization_id = g.organization_id AND m.group_id = g.id)`
          }
      ) AS sorted
      ${after === null ? empty : sql`WHERE (key, id) ${isBehind} (${after.key}::${raw(kind)}, ${after.id}::uuid)`}
      ORDER BY key ${direction}, id ${direction}
      LIMIT ${limit + 1}
    )
    SELECT g.id, g.key, ${columns}
    FROM page g
    LEFT JOIN group_mappings m ON m.organization_id = g.organization_id AND m.group_id = g.id
    ORDER BY g.key ${direction}, g.id ${direction}`);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(itemOf),
    nextCursor: last === undefined ? null : sortCursor(orderName, last),
  };
}

/**
 * One group with its mapping.
 *
 * @throws NotFoundError
 */
export async function getGroup(db: Queryable, organizationId: string, groupId: string): Promise<GroupListItem> {
  if (!isId(organizationId) || !isId(groupId)) throw new NotFoundError('group', groupId);
  const [row] = await db.query<GroupListItem>(sql`
    SELECT g.id, ${columns}
    FROM groups g
    LEFT JOIN group_mappings m ON m.organization_id = g.organization_id AND m.group_id = g.id
    WHERE g.organization_id = ${organizationId} AND g.id = ${groupId}`);
  if (row === undefined) throw new NotFoundError('group', groupId);
  return itemOf(row);
}

/** A timestamp inside jsonb arrives as text. */
function itemOf({ id, displayName, externalId, memberCount, updatedAt, mapping }: GroupListItem): GroupListItem {
  const dated = mapping === null ? null : { ...mapping, updatedAt: new Date(mapping.updatedAt) };
  return { id, displayName, externalId, memberCount, updatedAt, mapping: dated };
}
