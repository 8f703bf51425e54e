import sql from 'sql-template-tag';
import { foreignKeyViolation } from '../platform/database-errors.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';

/** One user's access to one workspace, given by hand. */
export interface ManualGrant {
  organizationId: string;
  workspaceId: string;
  userId: string;
  cause: Cause;
}

interface Names {
  userName: string;
  workspaceName: string;
}

/**
 * Grants access by hand. It stands beside whatever the directory grants, and directory sync never takes it away.
 * Repeating it changes nothing and leaves a SKIPPED entry.
 *
 * @throws NotFoundError for an unknown user or workspace
 */
export async function grantManually(db: Database, grant: ManualGrant): Promise<void> {
  const { organizationId, workspaceId, userId } = grant;
  try {
    await db.transaction(async (tx) => {
      const names = await readNames(tx, grant);
      const granted = await tx.query(sql`
        INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
        VALUES (${organizationId}, ${workspaceId}, ${userId}, 'manual')
        ON CONFLICT DO NOTHING
        RETURNING user_id`);
      await log(tx, grant, names, 'GRANT_ACCESS', granted.length > 0, {
        done: `Access to ${names.workspaceName} granted by hand.`,
        unchanged: `Nothing to do: access to ${names.workspaceName} was already granted by hand.`,
      });
    });
  } catch (error) {
    // Deleted between the look-up and the INSERT.
    const constraint = foreignKeyViolation(error);
    if (constraint === 'workspace_members_user') throw new NotFoundError('user', userId);
    if (constraint === 'workspace_members_workspace') throw new NotFoundError('workspace', workspaceId);
    throw error;
  }
}

/**
 * Takes back access that was granted by hand; what the directory grants stays. Repeating it changes nothing and leaves
 * a SKIPPED entry.
 *
 * @throws NotFoundError for an unknown user or workspace
 */
export async function revokeManually(db: Database, grant: ManualGrant): Promise<void> {
  const { organizationId, workspaceId, userId } = grant;
  await db.transaction(async (tx) => {
    const names = await readNames(tx, grant);
    const revoked = await tx.query(sql`
      DELETE FROM workspace_members
      WHERE organization_id = ${organizationId} AND workspace_id = ${workspaceId} AND user_id = ${userId}
        AND origin = 'manual'
      RETURNING user_id`);
    await log(tx, grant, names, 'REVOKE_ACCESS', revoked.length > 0, {
      done: `Access to ${names.workspaceName} that was granted by hand is revoked.`,
      unchanged: `Nothing to do: access to ${names.workspaceName} was not granted by hand.`,
    });
  });
}

async function readNames(tx: Transaction, { organizationId, workspaceId, userId }: ManualGrant): Promise<Names> {
  if (!isId(workspaceId)) throw new NotFoundError('workspace', workspaceId);
  if (!isId(userId)) throw new NotFoundError('user', userId);
  const [row] = await tx.query<{ userName: string | null; workspaceName: string | null }>(sql`
    SELECT
      (SELECT user_name FROM users WHERE organization_id = ${organizationId} AND id = ${userId}) AS "userName",
      (SELECT name FROM workspaces WHERE organization_id = ${organizationId} AND id = ${workspaceId}) AS "workspaceName"`);
  if (row?.workspaceName == null) throw new NotFoundError('workspace', workspaceId);
  if (row.userName === null) throw new NotFoundError('user', userId);
  return { userName: row.userName, workspaceName: row.workspaceName };
}

function log(
  tx: Transaction,
  { organizationId, workspaceId, userId, cause }: ManualGrant,
  { userName, workspaceName }: Names,
  action: 'GRANT_ACCESS' | 'REVOKE_ACCESS',
  changed: boolean,
  words: { done: string; unchanged: string },
): Promise<void> {
  return appendEntry(tx, {
    organizationId,
    action,
    status: changed ? 'SUCCESS' : 'SKIPPED',
    resource: { type: 'User', id: userId, name: userName },
    cause,
    message: changed ? words.done : words.unchanged,
    details: { workspace: { id: workspaceId, name: workspaceName } },
  });
}
