import sql, { empty } from 'sql-template-tag';
import type { Queryable } from '../../platform/database.ts';

/** One place where stored access is not what memberships and mappings say. */
interface Drift {
  organizationId: string;
  userId: string;
  userName: string;
  /**
   * - `missing-grant`: a mapping of one of the user's groups gives the workspace, and no directory grant is stored.
   * - `phantom-grant`: a directory grant is stored that nothing justifies.
   * - `wrong-role`: the stored role is not the highest that the groups set, nor the connection role where none sets one.
   * - `access-while-inactive`: the product would read access of an inactive user.
   */
  kind: 'missing-grant' | 'phantom-grant' | 'wrong-role' | 'access-while-inactive';
  /** The workspace's name, null for a wrong role. */
  workspace: string | null;
  expected: string | null;
  actual: string | null;
}

export interface OracleFindings {
  /** Users whose access was compared, active or not. */
  usersChecked: number;
  /** Directory grants that ought to be stored. */
  grantsExpected: number;
  drift: Drift[];
}

/**
 * States every user's desired access in plain SQL over users, memberships, mappings and the SSO connection, and
 * compares it with what is stored. It shares nothing with `access/`, whose work it judges - not even views.
 *
 * Only organizations whose directory sync runs are judged: elsewhere access is meant to stay as it was. The answer
 * means something only when no job is waiting.
 *
 * @param organizationId one organization, or every one when left out
 */
export async function findDrift(db: Queryable, organizationId?: string): Promise<OracleFindings> {
  const [findings] = await db.query<OracleFindings>(sql`
    WITH judged AS (
      SELECT o.id AS organization_id, c.default_role
      FROM organizations o
      JOIN sso_connections c ON c.organization_id = o.id AND c.status = 'active'
      WHERE o.provisioning_mode = 'scim'
        AND o.plan <> 'free'
        AND o.id IN (SELECT organization_id FROM domains WHERE verified_at IS NOT NULL)
        ${organizationId === undefined ? empty : sql`AND o.id = ${organizationId}::uuid`}
    ),
    -- NOT MATERIALIZED: found by key wherever it is joined, also before the tables' statistics know of many users.
    people AS NOT MATERIALIZED (
      SELECT u.organization_id, u.id AS user_id, u.user_name, u.active, u.managed_by, u.role, j.default_role
      FROM users u
      JOIN judged j USING (organization_id)
    ),
    -- Only whom the directory manages may hold directory grants, and only while active.
    expected_grants AS (
      SELECT DISTINCT p.organization_id, p.user_id, w.workspace_id
      FROM people p
      JOIN group_members m ON m.organization_id = p.organization_id AND m.user_id = p.user_id
      JOIN group_mapping_workspaces w ON w.organization_id = m.organization_id AND w.group_id = m.group_id
      WHERE p.active AND p.managed_by = 'directory'
    ),
    stored_grants AS (
      SELECT g.organization_id, g.user_id, g.workspace_id
      FROM workspace_members g
      JOIN judged j USING (organization_id)
      WHERE g.origin = 'directory'
    ),
    roles AS (
      SELECT p.organization_id, p.user_id, p.role AS stored,
        coalesce(
          (SELECT g.role
           FROM group_members m
           JOIN group_mappings g ON g.organization_id = m.organization_id AND g.group_id = m.group_id
           WHERE m.organization_id = p.organization_id AND m.user_id = p.user_id AND g.role IS NOT NULL
           ORDER BY CASE g.role WHEN 'admin' THEN 1 WHEN 'developer' THEN 2 ELSE 3 END
           LIMIT 1),
          p.default_role) AS expected
      FROM people p
      WHERE p.managed_by = 'directory'
    ),
    drift AS (
      SELECT 'missing-grant' AS kind, organization_id, user_id, workspace_id, 'granted' AS expected, NULL AS actual
      FROM (TABLE expected_grants EXCEPT TABLE stored_grants) AS missing
      UNION ALL
      SELECT 'phantom-grant', organization_id, user_id, workspace_id, NULL, 'granted'
      FROM (TABLE stored_grants EXCEPT TABLE expected_grants) AS phantom
      UNION ALL
      SELECT 'wrong-role', organization_id, user_id, NULL, expected, stored
      FROM roles
      WHERE stored IS DISTINCT FROM expected
      UNION ALL
      SELECT 'access-while-inactive', organization_id, user_id, a.workspace_id, NULL, 'granted'
      FROM effective_access a
      JOIN people p USING (organization_id, user_id)
      WHERE NOT p.active
    )
    SELECT
      (SELECT count(*)::integer FROM people) AS "usersChecked",
      (SELECT count(*)::integer FROM expected_grants) AS "grantsExpected",
      coalesce(
        (SELECT json_agg(json_build_object(
            'organizationId', d.organization_id, 'userId', d.user_id, 'userName', p.user_name, 'kind', d.kind,
            'workspace', w.name, 'expected', d.expected, 'actual', d.actual)
          ORDER BY p.user_name, d.kind, w.name)
         FROM drift d
         JOIN people p ON p.organization_id = d.organization_id AND p.user_id = d.user_id
         LEFT JOIN workspaces w ON w.organization_id = d.organization_id AND w.id = d.workspace_id),
        '[]'::json) AS drift`);
  if (findings === undefined) throw new Error('the oracle always answers one row');
  return findings;
}
