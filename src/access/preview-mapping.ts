import sql from 'sql-template-tag';
import { organizationRoles, type OrganizationRole } from '../contract/roles.ts';
import type { Queryable } from '../platform/database.ts';
import { hasAdminBeforeAndAfter, readCurrentMapping, type MappingInput } from './mapping-input.ts';

export interface PreviewedUser {
  userId: string;
  userName: string;
  workspacesGranted: { id: string; name: string }[];
  workspacesRevoked: { id: string; name: string }[];
  roleBefore: OrganizationRole | null;
  roleAfter: OrganizationRole | null;
}

export interface MappingPreview {
  /** How many users' access or role would change. */
  users: number;
  /** Grants that would be added, over all users. */
  grants: number;
  /** Grants that would be taken away, over all users. */
  revokes: number;
  roleChanges: number;
  /** Whether the organization would be left without any active admin: saving then needs `confirm`. */
  losesLastAdmin: boolean;
  /** The first users concerned, by userName. */
  sample: PreviewedUser[];
}

/** Enough to recognise a mistake at a glance. */
const sampleSize = 20;

/**
 * What saving a mapping would change: the difference between two pure functions, access by the mappings as they are and
 * as they would be. Nothing is written. Only workspaces that enter or leave the mapping, and only members of the group,
 * can differ, so only those are looked at.
 *
 * @throws NotFoundError for an unknown group, DomainError `unknown-workspace`
 */
export async function previewMapping(db: Queryable, input: MappingInput): Promise<MappingPreview> {
  const { organizationId, groupId, role } = input;
  const current = await readCurrentMapping(db, input);
  const entering = input.workspaceIds.filter((id) => !current.workspaceIds.includes(id));
  const leaving = current.workspaceIds.filter((id) => !input.workspaceIds.includes(id));
  const [preview] = await db.query<MappingPreview>(sql`
    WITH member AS MATERIALIZED (
      SELECT u.id, u.user_name, u.active
      FROM group_members gm
      JOIN users u ON u.organization_id = gm.organization_id AND u.id = gm.user_id
      WHERE gm.organization_id = ${organizationId} AND gm.group_id = ${groupId} AND u.managed_by = 'directory'
    ), other AS MATERIALIZED (
      -- The other mapped groups of each member.
      SELECT gm.user_id, m.group_id, array_position(${organizationRoles}::text[], m.role) AS rank
      FROM member
      JOIN group_members gm ON gm.organization_id = ${organizationId} AND gm.user_id = member.id
      JOIN group_mappings m ON m.organization_id = ${organizationId} AND m.group_id = gm.group_id
      WHERE gm.group_id <> ${groupId}
    ), change AS MATERIALIZED (
      SELECT member.id AS user_id, w.id AS workspace_id, w.name, w.id = ANY (${entering}::uuid[]) AS granted
      FROM member
      JOIN workspaces w ON w.organization_id = ${organizationId} AND w.id = ANY (${[...entering, ...leaving]}::uuid[])
      WHERE member.active AND NOT EXISTS (
        SELECT FROM other
        JOIN group_mapping_workspaces mw
          ON mw.organization_id = ${organizationId} AND mw.group_id = other.group_id AND mw.workspace_id = w.id
        WHERE other.user_id = member.id)
    ), role AS (
      SELECT user_id,
        coalesce((${organizationRoles}::text[])[greatest(rank, array_position(${organizationRoles}::text[], ${current.role}::text))], default_role) AS before,
        coalesce((${organizationRoles}::text[])[greatest(rank, array_position(${organizationRoles}::text[], ${role}::text))], default_role) AS after
      FROM (
        SELECT member.id AS user_id, max(other.rank) AS rank FROM member LEFT JOIN other ON other.user_id = member.id
        GROUP BY member.id) AS ranked
      LEFT JOIN sso_connections c ON c.organization_id = ${organizationId}
    ), concerned AS MATERIALIZED (
      SELECT member.id, member.user_name, role.before, role.after, role.before IS DISTINCT FROM role.after AS role_changes
      FROM member
      JOIN role ON role.user_id = member.id
      WHERE role.before IS DISTINCT FROM role.after OR member.id IN (SELECT user_id FROM change)
    ), admins AS (
      SELECT ${hasAdminBeforeAndAfter(input)}
    ), sample AS (
      SELECT id, user_name, before, after FROM concerned ORDER BY user_name, id LIMIT ${sampleSize}
    )
    SELECT
      (SELECT count(*) FROM concerned) AS users,
      (SELECT count(*) FROM change WHERE granted) AS grants,
      (SELECT count(*) FROM change WHERE NOT granted) AS revokes,
      (SELECT count(*) FROM concerned WHERE role_changes) AS "roleChanges",
      (SELECT admins.before AND NOT admins.after FROM admins) AS "losesLastAdmin",
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('userId', s.id, 'userName', s.user_name,
          'workspacesGranted', ${workspacesOf(true)}, 'workspacesRevoked', ${workspacesOf(false)},
          'roleBefore', s.before, 'roleAfter', s.after) ORDER BY s.user_name, s.id)
        FROM sample s), '[]') AS sample`);
  // A query without FROM always yields its one row.
  return preview as MappingPreview;
}

function workspacesOf(granted: boolean) {
  return sql`coalesce((
    SELECT jsonb_agg(jsonb_build_object('id', c.workspace_id, 'name', c.name) ORDER BY c.name)
    FROM change c WHERE c.user_id = s.id AND c.granted = ${granted}), '[]')`;
}
