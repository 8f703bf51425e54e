import sql, { empty } from 'sql-template-tag';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Queryable } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';

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
  mapping: GroupMapping | null;
}

export interface GroupListQuery {
  /** Part of the display name, any case. */
  q?: string | undefined;
  /** 1-200. */
  limit: number;
  cursor?: string | undefined;
}

/**
 * The groups that the directory pushed, by name, each with its mapping.
 *
 * @throws DomainError `invalid-cursor`
 */
export async function listGroups(
  db: Queryable,
  organizationId: string,
  { q, limit, cursor }: GroupListQuery,
): Promise<{ items: GroupListItem[]; nextCursor: string | null }> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const rows = await db.query<GroupListItem & { key: string }>(sql`
    SELECT g.id, g.display_name AS "displayName", g.external_id AS "externalId", ${sortKey} AS key,
      (SELECT count(*) FROM group_members gm
       WHERE gm.organization_id = g.organization_id AND gm.group_id = g.id) AS "memberCount",
      ${mappingColumn}
    FROM groups g
    LEFT JOIN group_mappings m ON m.organization_id = g.organization_id AND m.group_id = g.id
    WHERE g.organization_id = ${organizationId}
      ${q === undefined || q === '' ? empty : sql`AND strpos(g.display_name_key, lower(${q})) > 0`}
      ${after === undefined ? empty : sql`AND (${sortKey}, g.id) > (${after.key}, ${after.id}::uuid)`}
    ORDER BY ${sortKey}, g.id
    LIMIT ${limit + 1}`);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(itemOf),
    nextCursor: last === undefined ? null : encodeCursor(last),
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
    SELECT g.id, g.display_name AS "displayName", g.external_id AS "externalId",
      (SELECT count(*) FROM group_members gm
       WHERE gm.organization_id = g.organization_id AND gm.group_id = g.id) AS "memberCount",
      ${mappingColumn}
    FROM groups g
    LEFT JOIN group_mappings m ON m.organization_id = g.organization_id AND m.group_id = g.id
    WHERE g.organization_id = ${organizationId} AND g.id = ${groupId}`);
  if (row === undefined) throw new NotFoundError('group', groupId);
  return itemOf(row);
}

/** Bounded, because the cursor carries it; the id decides among longer names that begin alike. */
const sortKey = sql`left(g.display_name_key, 150)`;

const mappingColumn = sql`
  CASE WHEN m.group_id IS NULL THEN NULL ELSE jsonb_build_object(
    'workspaceIds', coalesce((
      SELECT jsonb_agg(mw.workspace_id ORDER BY mw.workspace_id) FROM group_mapping_workspaces mw
      WHERE mw.organization_id = g.organization_id AND mw.group_id = g.id), '[]'),
    'role', m.role,
    'updatedAt', m.updated_at) END AS mapping`;

/** A timestamp inside jsonb arrives as text. */
function itemOf({ id, displayName, externalId, memberCount, mapping }: GroupListItem): GroupListItem {
  const dated = mapping === null ? null : { ...mapping, updatedAt: new Date(mapping.updatedAt) };
  return { id, displayName, externalId, memberCount, mapping: dated };
}

function encodeCursor({ key, id }: { key: string; id: string }): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url');
}

function decodeCursor(cursor: string): { key: string; id: string } {
  try {
    const [key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [unknown, unknown];
    if (typeof key === 'string' && typeof id === 'string' && isId(id)) return { key, id };
  } catch {
    // Not one of ours: the same answer as below.
  }
  throw new DomainError(
    'invalid',
    'invalid-cursor',
    'The cursor is not one that this list has given out. Leave it out to start over.',
  );
}
