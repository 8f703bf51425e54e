import sql, { empty } from 'sql-template-tag';
import { uniqueViolation } from '../platform/database-errors.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { isId, newId } from '../platform/ids.ts';
import { containsPattern, cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';
import { appendEntry, insertEntry, type Cause } from '../sync-log/append.ts';
import { recordRefusal } from '../sync-log/record-refusal.ts';
import { getOrganization } from './organizations.ts';

export interface Workspace {
  id: string;
  name: string;
  createdAt: Date;
}

/** @throws NotFoundError, DomainError `conflict` (`workspace-name-in-use`) */
export async function createWorkspace(
  db: Queryable,
  { organizationId, name, cause }: { organizationId: string; name: string; cause: Cause },
): Promise<Workspace> {
  await getOrganization(db, organizationId);
  const attempt = {
    organizationId,
    action: 'CREATE_WORKSPACE',
    resource: { type: 'Workspace', id: null, name },
    cause,
  } as const;
  return recordRefusal(db, attempt, async () => {
    const id = newId();
    const entry = insertEntry(
      {
        ...attempt,
        status: 'SUCCESS',
        resource: { ...attempt.resource, id },
        message: `Created the workspace "${name}".`,
      },
      sql`FROM w`,
    );
    try {
      const [workspace] = await db.query<Workspace>(sql`
        WITH w AS (
          INSERT INTO workspaces (organization_id, id, name) VALUES (${organizationId}::uuid, ${id}::uuid, ${name})
          RETURNING *
        ), entry AS (${entry})
        SELECT id, name, created_at AS "createdAt" FROM w`);
      if (workspace === undefined) throw new Error('INSERT ... RETURNING answered no row');
      return workspace;
    } catch (error) {
      if (uniqueViolation(error) !== 'workspaces_name') throw error;
      throw new DomainError(
        'conflict',
        'workspace-name-in-use',
        `The organization already has a workspace called "${name}". Choose another name.`,
      );
    }
  });
}

/** Oldest first. */
export async function listWorkspaces(
  db: Queryable,
  { organizationId, q, limit, cursor }: PageRequest & { organizationId: string; q?: string | undefined },
): Promise<Page<Workspace>> {
  const after = cursorId(cursor);
  const rows = await db.query<Workspace>(sql`
    SELECT id, name, created_at AS "createdAt" FROM workspaces
    WHERE organization_id = ${organizationId}::uuid
      ${q === undefined ? empty : sql`AND name ILIKE ${containsPattern(q)}`}
      ${after === null ? empty : sql`AND id > ${after}::uuid`}
    ORDER BY id LIMIT ${limit + 1}`);
  return pageOf(rows, limit);
}

/**
 * Deletes a workspace with every grant to it and its place in every mapping. These rows are all that access to it is
 * computed from and stored in, and they go in this transaction: nothing is left for a job to do.
 *
 * @throws NotFoundError
 */
export async function deleteWorkspace(
  db: Database,
  { organizationId, workspaceId, cause }: { organizationId: string; workspaceId: string; cause: Cause },
): Promise<void> {
  if (!isId(workspaceId)) throw new NotFoundError('workspace', workspaceId);
  await db.transaction(async (tx) => {
    await getOrganization(tx, organizationId);
    // The lock waits for grants being written and keeps new ones out, so that the counts below are the truth.
    const [workspace] = await tx.query<{ name: string }>(sql`
      SELECT name FROM workspaces
      WHERE organization_id = ${organizationId}::uuid AND id = ${workspaceId}::uuid FOR UPDATE`);
    if (workspace === undefined) throw new NotFoundError('workspace', workspaceId);
    const [counts] = await tx.query<{ members: number; mappings: number }>(sql`
      WITH members AS (
        SELECT count(DISTINCT user_id) AS members FROM workspace_members
        WHERE organization_id = ${organizationId}::uuid AND workspace_id = ${workspaceId}::uuid
      ), mappings AS (
        SELECT count(*) AS mappings FROM group_mapping_workspaces
        WHERE organization_id = ${organizationId}::uuid AND workspace_id = ${workspaceId}::uuid
      ), deleted AS (
        DELETE FROM workspaces WHERE organization_id = ${organizationId}::uuid AND id = ${workspaceId}::uuid
      )
      SELECT members, mappings FROM members, mappings`);
    await appendEntry(tx, {
      organizationId,
      action: 'DELETE_WORKSPACE',
      status: 'SUCCESS',
      resource: { type: 'Workspace', id: workspaceId, name: workspace.name },
      cause,
      message: `Deleted the workspace "${workspace.name}". Users who lost access: ${counts?.members ?? 0}; group mappings that named it: ${counts?.mappings ?? 0}.`,
      details: { usersWithAccess: counts?.members ?? 0, groupMappings: counts?.mappings ?? 0 },
    });
  });
}
