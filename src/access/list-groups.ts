import sql, { empty } from 'sql-template-tag';
import type { groupSorts } from '../contract/groups.ts';
import type { SortOrder } from '../contract/page.ts';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { momentKey, sortedList, type Page, type SortKey } from '../platform/keyset.ts';

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

/** The id also decides among longer names that begin alike. */
const sortKeys: Record<GroupSort, SortKey> = {
  displayName: { key: sql`left(g.display_name_key, 150)`, kind: 'text' },
  memberCount: { key: memberCount, kind: 'bigint' },
  updatedAt: momentKey(sql`g.updated_at`),
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
): Promise<Page<GroupListItem>> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const { key, kind } = sortKeys[sort];
  const list = sortedList({ sort, order, kind }, cursor);
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
      WHERE ${list.behind(sql`key`, sql`id`)}
      ORDER BY ${list.orderBy(sql`key`, sql`id`)}
      LIMIT ${limit + 1}
    )
    SELECT g.id, g.key, ${columns}
    FROM page g
    LEFT JOIN group_mappings m ON m.organization_id = g.organization_id AND m.group_id = g.id
    ORDER BY ${list.orderBy(sql`g.key`, sql`g.id`)}`);
  const { items, nextCursor } = list.pageOf(rows, limit);
  return { items: items.map(itemOf), nextCursor };
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
