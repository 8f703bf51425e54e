import sql, { type Sql } from 'sql-template-tag';
import { organizationRoles } from '../contract/roles.ts';

/**
 * What access *should* be and how what is stored differs from it: the one definition that reconcile applies and the
 * drift report shows.
 *
 * Common table expressions that follow one called `concerned` (id, active, role, managed: users of the organization):
 *
 * - `desired` (user_id, workspace_id): the union over the user's groups of the mapped workspaces, while active
 * - `actual` (user_id, workspace_id): the grants of origin `directory`
 * - `difference` (user_id, workspace_id, missing): desired but not granted (`missing`), or granted but not desired
 * - `desired_role` (user_id, before, after): the role that is stored, and the highest that a group sets, else the
 *   connection's default; whether the user is active does not matter
 *
 * Users whom the directory does not manage are in none of them.
 *
 * What a user has is looked up user by user (OFFSET 0 keeps it so): a plan made while there are few memberships, and
 * kept, would otherwise read those of the whole organization for each job when there are many.
 */
export function accessDifference(organizationId: string): Sql {
  return sql`
    mapped AS MATERIALIZED (
      SELECT c.id AS user_id, c.active, m.group_id, array_position(${organizationRoles}::text[], m.role) AS rank
      FROM concerned c
      CROSS JOIN LATERAL (
        SELECT group_id FROM group_members WHERE organization_id = ${organizationId} AND user_id = c.id OFFSET 0) AS gm
      JOIN group_mappings m ON m.organization_id = ${organizationId} AND m.group_id = gm.group_id
      WHERE c.managed
    ), desired AS (
      SELECT DISTINCT mapped.user_id, mw.workspace_id
      FROM mapped
      JOIN group_mapping_workspaces mw ON mw.organization_id = ${organizationId} AND mw.group_id = mapped.group_id
      WHERE mapped.active
    ), actual AS (
      SELECT c.id AS user_id, m.workspace_id
      FROM concerned c
      CROSS JOIN LATERAL (
        SELECT workspace_id FROM workspace_members
        WHERE organization_id = ${organizationId} AND user_id = c.id AND origin = 'directory' OFFSET 0) AS m
      WHERE c.managed
    ), difference AS MATERIALIZED (
      SELECT coalesce(d.user_id, a.user_id) AS user_id, coalesce(d.workspace_id, a.workspace_id) AS workspace_id,
        a.user_id IS NULL AS missing
      FROM desired d
      FULL JOIN actual a ON a.user_id = d.user_id AND a.workspace_id = d.workspace_id
      WHERE d.user_id IS NULL OR a.user_id IS NULL
    ), desired_role AS (
      -- One aggregate over both instead of a join: the planner takes either side for a single row, and would compare
      -- every user with every membership (measured with 2,000 users: 1.8 s instead of milliseconds).
      SELECT user_id, min(role) AS before,
        coalesce(
          (${organizationRoles}::text[])[max(rank)],
          (SELECT default_role FROM sso_connections WHERE organization_id = ${organizationId})
        ) AS after
      FROM (
        SELECT id AS user_id, role, NULL::integer AS rank FROM concerned WHERE managed
        UNION ALL
        SELECT user_id, NULL, rank FROM mapped) AS ranked
      GROUP BY user_id
    )`;
}
