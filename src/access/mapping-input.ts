import sql, { type Sql } from 'sql-template-tag';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Queryable } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';

/** A mapping as an admin proposes it. */
export interface MappingInput {
  organizationId: string;
  groupId: string;
  workspaceIds: readonly string[];
  /** null: use the connection role. */
  role: OrganizationRole | null;
}

export interface CurrentMapping {
  groupName: string;
  /** False while the group has no mapping at all. */
  exists: boolean;
  role: OrganizationRole | null;
  workspaceIds: string[];
}

/**
 * The group and the mapping it has now, after checking that the proposal names only workspaces of the organization.
 *
 * @throws NotFoundError for an unknown group or organization, DomainError `unknown-workspace` naming those that are
 *   not there
 */
export async function readCurrentMapping(db: Queryable, input: MappingInput): Promise<CurrentMapping> {
  const { organizationId, groupId, workspaceIds } = input;
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  if (!isId(groupId)) throw await unknownGroup(db, input);
  const malformed = workspaceIds.filter((id) => !isId(id));
  if (malformed.length > 0) throw unknownWorkspaces(malformed);
  const [row] = await db.query<CurrentMapping & { unknown: string[] }>(sql`
    SELECT g.display_name AS "groupName", m.group_id IS NOT NULL AS exists, m.role,
      ARRAY(
        SELECT mw.workspace_id FROM group_mapping_workspaces mw
        WHERE mw.organization_id = g.organization_id AND mw.group_id = g.id
        ORDER BY mw.workspace_id) AS "workspaceIds",
      ARRAY(
        SELECT named.id FROM unnest(${workspaceIds}::uuid[]) AS named (id)
        WHERE NOT EXISTS (
          SELECT FROM workspaces w WHERE w.organization_id = g.organization_id AND w.id = named.id)) AS unknown
    FROM groups g
    LEFT JOIN group_mappings m ON m.organization_id = g.organization_id AND m.group_id = g.id
    WHERE g.organization_id = ${organizationId} AND g.id = ${groupId}`);
  if (row === undefined) throw await unknownGroup(db, input);
  const { unknown, ...current } = row;
  if (unknown.length > 0) throw unknownWorkspaces(unknown);
  return current;
}

/** Tells an unknown group from an unknown organization, which has no log for the refusal. */
async function unknownGroup(db: Queryable, { organizationId, groupId }: MappingInput): Promise<NotFoundError> {
  const organizations = await db.query(sql`SELECT FROM organizations WHERE id = ${organizationId}`);
  return organizations.length === 0
    ? new NotFoundError('organization', organizationId)
    : new NotFoundError('group', groupId);
}

export function unknownWorkspaces(ids: readonly string[]): DomainError {
  const message =
    ids.length === 1
      ? `There is no workspace with the id ${String(ids[0])} in this organization. Choose from its workspaces.`
      : `There are no workspaces with the ids ${ids.join(', ')} in this organization. Choose from its workspaces.`;
  return new DomainError('invalid', 'unknown-workspace', message, { workspaceIds: ids });
}

/**
 * Two booleans, "before" and "after": whether the organization has an active admin by the mappings as they are, and as
 * they would be. A pure function of users, memberships and mappings, so that a reconcile still on its way does not
 * change the answer. Each EXISTS stops at the first admin that it meets.
 */
export function hasAdminBeforeAndAfter(input: MappingInput): Sql {
  const { organizationId, groupId, role } = input;
  const others = sql`
    SELECT group_id, role FROM group_mappings
    WHERE organization_id = ${organizationId} AND group_id <> ${groupId} AND role IS NOT NULL`;
  return sql`
    ${hasAdmin(
      organizationId,
      sql`SELECT group_id, role FROM group_mappings WHERE organization_id = ${organizationId} AND role IS NOT NULL`,
    )} AS before,
    ${hasAdmin(
      organizationId,
      role === null ? others : sql`${others} UNION ALL SELECT ${groupId}::uuid, ${role}::text`,
    )} AS after`;
}

/** Whether an active admin exists when `roles` (a query of group_id, role) are all the roles that groups set. */
function hasAdmin(organizationId: string, roles: Sql): Sql {
  return sql`(
    EXISTS (
      SELECT FROM users u
      WHERE u.organization_id = ${organizationId} AND u.active AND u.managed_by <> 'directory' AND u.role = 'admin')
    OR EXISTS (
      SELECT FROM (${roles}) r
      JOIN group_members gm ON gm.organization_id = ${organizationId} AND gm.group_id = r.group_id
      JOIN users u ON u.organization_id = ${organizationId} AND u.id = gm.user_id
      WHERE r.role = 'admin' AND u.active AND u.managed_by = 'directory')
    OR EXISTS (
      SELECT FROM users u
      JOIN sso_connections c ON c.organization_id = u.organization_id AND c.default_role = 'admin'
      WHERE u.organization_id = ${organizationId} AND u.active AND u.managed_by = 'directory'
        AND NOT EXISTS (
          SELECT FROM group_members gm JOIN (${roles}) r ON r.group_id = gm.group_id
          WHERE gm.organization_id = ${organizationId} AND gm.user_id = u.id)))`;
}
