import sql from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import type { DirectoryCaller } from './caller.ts';

/**
 * Deletes a user from the organization with all memberships and access (RFC 7644 section 3.6), in one statement.
 *
 * The groups that lose a member are locked before the user: a PATCH of a group locks in the same order (group, then
 * member), so the two cannot deadlock. Their version moves, because their representation does.
 *
 * @param action how the log calls it: `REMOVE_USER` when an admin does it
 * @throws NotFoundError
 */
export async function deleteUser(
  db: Queryable,
  caller: DirectoryCaller,
  id: string,
  action: 'DELETE' | 'REMOVE_USER' = 'DELETE',
): Promise<void> {
  if (!isId(id)) throw new NotFoundError('user', id);
  const { organizationId, cause } = caller;
  const rows = await db.query(sql`
    WITH locked AS MATERIALIZED (
      SELECT g.id FROM groups g
      WHERE g.organization_id = ${organizationId}
        AND g.id IN (SELECT group_id FROM group_members WHERE organization_id = ${organizationId} AND user_id = ${id})
      ORDER BY g.id FOR NO KEY UPDATE
    ), deleted AS (
      DELETE FROM users
      WHERE organization_id = ${organizationId} AND id = ${id} AND (SELECT count(*) FROM locked) >= 0
      RETURNING id, user_name
    ), left_groups AS (
      UPDATE groups g SET version = g.version + 1, updated_at = now()
      FROM locked, deleted
      WHERE g.organization_id = ${organizationId} AND g.id = locked.id
      RETURNING g.id, g.display_name
    ), revoked AS (
      SELECT m.workspace_id, w.name, m.origin
      FROM workspace_members m
      JOIN workspaces w ON w.organization_id = m.organization_id AND w.id = m.workspace_id
      WHERE m.organization_id = ${organizationId} AND m.user_id = ${id}
    ), entry AS (
      INSERT INTO sync_logs (organization_id, action, status, resource_type, resource_id, resource_name,
        actor_type, actor_id, actor_name, message, details, request_id)
      SELECT ${organizationId}, ${action}::text, 'SUCCESS', 'User', d.id::text, d.user_name,
        ${cause.actor.type}, ${cause.actor.id}, ${cause.actor.name},
        'User deleted with all group memberships and access.',
        jsonb_build_object(
          'workspacesRevoked', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', workspace_id, 'name', name, 'origin', origin)) FROM revoked), '[]'),
          'groupsLeft', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', id, 'name', display_name)) FROM left_groups), '[]')),
        ${cause.requestId}
      FROM deleted d
    )
    SELECT id FROM deleted`);
  if (rows.length === 0) throw new NotFoundError('user', id);
}
