import sql from 'sql-template-tag';
import type { Database, Transaction } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { redactSecrets } from '../platform/redact-secrets.ts';
import { entryId } from '../sync-log/append.ts';
import type { DirectoryCaller } from './caller.ts';
import { requireVersion } from './require-version.ts';

interface DeleteOptions {
  /** How the log calls it: `REMOVE_USER` when an admin does it. */
  action: 'DELETE' | 'REMOVE_USER';
  ifMatch?: string | undefined;
}

/**
 * Deletes a user from the organization with all memberships and access (RFC 7644 section 3.6).
 *
 * @throws NotFoundError, DomainError `version-mismatch`
 */
export async function deleteUser(
  db: Database,
  caller: DirectoryCaller,
  id: string,
  options: { ifMatch: string | undefined },
): Promise<void> {
  await db.transaction((tx) => deleteUserIn(tx, caller, id, { action: 'DELETE', ...options }));
}

/** The same inside the caller's transaction. */
export async function deleteUserIn(
  tx: Transaction,
  { organizationId, cause, entryId: entry }: DirectoryCaller,
  id: string,
  { action, ifMatch }: DeleteOptions,
): Promise<void> {
  if (!isId(id)) throw new NotFoundError('user', id);
  // The groups first: a PATCH of a group locks in the same order, group, then member. And in a statement of its own: once
  // the user is locked nobody can add it anywhere, so the next one sees every membership and every grant there is.
  const [user] = await tx.query<{ userName: string; version: number }>(sql`
    WITH locked AS MATERIALIZED (
      SELECT g.id FROM groups g
      WHERE g.organization_id = ${organizationId}
        AND g.id IN (SELECT group_id FROM group_members WHERE organization_id = ${organizationId} AND user_id = ${id})
      ORDER BY g.id FOR NO KEY UPDATE
    )
    SELECT user_name AS "userName", version FROM users
    WHERE organization_id = ${organizationId} AND id = ${id} AND (SELECT count(*) FROM locked) >= 0
    FOR UPDATE`);
  if (user === undefined) throw new NotFoundError('user', id);
  requireVersion(ifMatch, user.version);

  await tx.query(sql`
    WITH left_groups AS (
      UPDATE groups g SET version = g.version + 1, updated_at = now()
      FROM group_members m
      WHERE m.organization_id = ${organizationId} AND m.user_id = ${id}
        AND g.organization_id = m.organization_id AND g.id = m.group_id
      RETURNING g.id, g.display_name
    ), revoked AS (
      SELECT m.workspace_id, w.name, m.origin
      FROM workspace_members m
      JOIN workspaces w ON w.organization_id = m.organization_id AND w.id = m.workspace_id
      WHERE m.organization_id = ${organizationId} AND m.user_id = ${id}
    ), entry AS (
      INSERT INTO sync_logs (id, organization_id, action, status, resource_type, resource_id, resource_name,
        actor_type, actor_id, actor_name, message, details, request_id)
      SELECT ${entryId(entry)}, ${organizationId}, ${action}::text, 'SUCCESS', 'User', ${id}::text, ${redactSecrets(user.userName)}::text,
        ${cause.actor.type}, ${cause.actor.id}, ${cause.actor.name},
        'User deleted with all group memberships and access.',
        jsonb_build_object(
          'workspacesRevoked', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', workspace_id, 'name', name, 'origin', origin)) FROM revoked), '[]'),
          'groupsLeft', coalesce((
            SELECT jsonb_agg(jsonb_build_object('id', id, 'name', display_name)) FROM left_groups), '[]')),
        ${cause.requestId}
    )
    DELETE FROM users WHERE organization_id = ${organizationId} AND id = ${id}`);
}
