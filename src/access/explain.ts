import sql from 'sql-template-tag';
import type { OrganizationRole } from '../contract/roles.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';

export type RoleReason =
  /** This group's mapping sets the role; several may. */
  | { type: 'group'; groupId: string; groupName: string; role: OrganizationRole }
  /** No group sets a role: the SSO connection's default applies. */
  | { type: 'connection-role'; role: OrganizationRole }
  /** The directory does not manage this user: the role was given by hand or at the first sign-in. */
  | { type: 'manual'; role: OrganizationRole | null }
  | { type: 'inactive' }
  /** A change has been accepted and is being applied. */
  | { type: 'not-yet-computed' };

export type WorkspaceReason = { type: 'group'; groupId: string; groupName: string } | { type: 'manual' };

export interface AccessExplanation {
  active: boolean;
  /** null for an inactive user, and until the first reconcile. */
  role: OrganizationRole | null;
  roleBecause: RoleReason[];
  /** What would have set another role, and gives way: groups with a lower one, the connection role. */
  roleLost: RoleReason[];
  workspaces: {
    workspaceId: string;
    name: string;
    /** A workspace that is held by both origins is listed twice. */
    origin: 'directory' | 'manual';
    /** Empty for a moment after the last reason went, until a worker takes the access back. */
    because: WorkspaceReason[];
  }[];
}

interface Row {
  active: boolean;
  managed: boolean;
  role: OrganizationRole | null;
  defaultRole: OrganizationRole | null;
  groupRoles: { groupId: string; groupName: string; role: OrganizationRole }[];
  workspaces: {
    workspaceId: string;
    name: string;
    origin: 'directory' | 'manual';
    groups: { groupId: string; groupName: string }[];
  }[];
}

/**
 * A user's effective access, each part with its reasons, in one query: what is granted now, and which groups say so.
 *
 * @throws NotFoundError
 */
export async function explainAccess(db: Queryable, organizationId: string, userId: string): Promise<AccessExplanation> {
  if (!isId(organizationId) || !isId(userId)) throw new NotFoundError('user', userId);
  const [row] = await db.query<Row>(sql`
    SELECT u.active, u.managed_by = 'directory' AS managed, u.role, c.default_role AS "defaultRole",
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('groupId', g.id, 'groupName', g.display_name, 'role', m.role)
          ORDER BY g.display_name, g.id)
        FROM group_members gm
        JOIN group_mappings m ON m.organization_id = gm.organization_id AND m.group_id = gm.group_id
        JOIN groups g ON g.organization_id = gm.organization_id AND g.id = gm.group_id
        WHERE gm.organization_id = u.organization_id AND gm.user_id = u.id AND m.role IS NOT NULL), '[]') AS "groupRoles",
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('workspaceId', w.id, 'name', w.name, 'origin', e.origin,
          'groups', coalesce((
            SELECT jsonb_agg(jsonb_build_object('groupId', g.id, 'groupName', g.display_name)
              ORDER BY g.display_name, g.id)
            FROM group_mapping_workspaces mw
            JOIN group_members gm
              ON gm.organization_id = mw.organization_id AND gm.group_id = mw.group_id AND gm.user_id = u.id
            JOIN groups g ON g.organization_id = mw.organization_id AND g.id = mw.group_id
            WHERE mw.organization_id = u.organization_id AND mw.workspace_id = w.id), '[]'))
          ORDER BY w.name, w.id, e.origin)
        FROM workspace_members e
        JOIN workspaces w ON w.organization_id = e.organization_id AND w.id = e.workspace_id
        WHERE u.active AND e.organization_id = u.organization_id AND e.user_id = u.id), '[]') AS workspaces
    FROM users u
    LEFT JOIN sso_connections c ON c.organization_id = u.organization_id
    WHERE u.organization_id = ${organizationId} AND u.id = ${userId}`);
  if (row === undefined) throw new NotFoundError('user', userId);
  return {
    active: row.active,
    role: row.active ? row.role : null,
    ...reasonsOfRole(row),
    workspaces: row.workspaces.map(({ groups, ...workspace }) => ({
      ...workspace,
      because:
        workspace.origin === 'manual' ? [{ type: 'manual' }] : groups.map((group) => ({ type: 'group', ...group })),
    })),
  };
}

function reasonsOfRole(row: Row): Pick<AccessExplanation, 'roleBecause' | 'roleLost'> {
  const { active, managed, role, defaultRole, groupRoles } = row;
  if (!active) return { roleBecause: [{ type: 'inactive' }], roleLost: [] };
  if (!managed) return { roleBecause: [{ type: 'manual', role }], roleLost: [] };
  const reasons = groupRoles.map((group) => ({ type: 'group', ...group }) as const);
  const roleBecause = reasons.filter((reason) => reason.role === role);
  if (roleBecause.length > 0) {
    const connection = defaultRole === null ? [] : [{ type: 'connection-role', role: defaultRole } as const];
    return { roleBecause, roleLost: [...reasons.filter((reason) => reason.role !== role), ...connection] };
  }
  if (role !== null && role === defaultRole && groupRoles.length === 0) {
    return { roleBecause: [{ type: 'connection-role', role }], roleLost: [] };
  }
  return { roleBecause: [{ type: 'not-yet-computed' }], roleLost: [] };
}
