import sql, { join, type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { conditions, type SyncLogFilters } from '../sync-log/query.ts';

interface EndedWorkspace {
  id: string;
  name: string;
  /** From then on the user could not get in any more. */
  endedAt: Date;
  /** When the grant itself was taken away: by the job, after a deactivation. */
  removedAt: Date;
  entryId: string;
}

type Ending = 'DEACTIVATE' | 'DELETE' | 'REMOVE_USER';

export interface AccessEnds {
  /** Null while the user is active. */
  endedAt: Date | null;
  endedBy: Ending | null;
  entryId: string | null;
  /** Access that ended and has not come back, the latest first. */
  workspaces: EndedWorkspace[];
  complete: boolean;
}

interface Named {
  id: string;
  name: string;
}

interface Entry {
  id: string;
  at: Date;
  action: Ending | 'REACTIVATE' | 'SYNC_ACCESS' | 'GRANT_ACCESS' | 'REVOKE_ACCESS';
  granted: Named[];
  revoked: Named[];
}

/** Changes of access in the life of one user; who has more gets the latest. */
const maxEntries = 500;

/**
 * When a leaver's access ended, from the sync log: of a deleted user there is nothing else. A deactivation ends all
 * access at its commit, though the job that takes the grants away comes a moment later.
 *
 * @param kept entries that are older are not shown any more, as if they had been removed
 * @throws NotFoundError when there is neither a user nor an entry about one
 */
export async function readAccessEnds(
  db: Queryable,
  organizationId: string,
  userId: string,
  kept: Pick<SyncLogFilters, 'retentionDays'> = {},
): Promise<AccessEnds> {
  if (!isId(organizationId) || !isId(userId)) throw new NotFoundError('user', userId);
  const newestFirst = await db.query<Entry>(sql`
    SELECT id, occurred_at AS at, action,
      coalesce(details -> 'workspacesGranted', CASE action WHEN 'GRANT_ACCESS'
        THEN jsonb_build_array(details -> 'workspace') END, '[]') AS granted,
      coalesce(details -> 'workspacesRevoked', CASE action WHEN 'REVOKE_ACCESS'
        THEN jsonb_build_array(details -> 'workspace') END, '[]') AS revoked
    FROM sync_logs
    WHERE ${ofUser(organizationId, userId, kept)} AND status = 'SUCCESS'
      AND action IN ('DEACTIVATE', 'REACTIVATE', 'DELETE', 'REMOVE_USER', 'SYNC_ACCESS', 'GRANT_ACCESS', 'REVOKE_ACCESS')
    ORDER BY id DESC LIMIT ${maxEntries + 1}`);
  if (newestFirst.length === 0) await requireUser(db, organizationId, userId, kept);
  const { workspaces, ...ends } = replay(newestFirst.slice(0, maxEntries).toReversed());
  const held = await heldWorkspaces(db, organizationId, userId);
  return {
    ...ends,
    workspaces: workspaces.filter(({ id }) => !held.has(id)),
    complete: newestFirst.length <= maxEntries,
  };
}

/** @param entries oldest first */
function replay(entries: readonly Entry[]): Omit<AccessEnds, 'complete'> {
  let ending: { at: Date; by: Ending; entryId: string } | null = null;
  const ended = new Map<string, EndedWorkspace>();
  for (const { id: entryId, at, action, granted, revoked } of entries) {
    if (action === 'REACTIVATE') ending = null;
    else if (action === 'DEACTIVATE' || action === 'DELETE' || action === 'REMOVE_USER') {
      // Who is deleted after having been deactivated lost access back then.
      ending ??= { at, by: action, entryId };
    }
    for (const { id } of granted) ended.delete(id);
    for (const { id, name } of revoked) {
      ended.set(id, { id, name, endedAt: ending?.at ?? at, removedAt: at, entryId });
    }
  }
  return {
    endedAt: ending?.at ?? null,
    endedBy: ending?.by ?? null,
    entryId: ending?.entryId ?? null,
    workspaces: [...ended.values()].sort((a, b) => Number(b.endedAt) - Number(a.endedAt)),
  };
}

/** Who lost a workspace by one origin may still hold it by the other. */
async function heldWorkspaces(db: Queryable, organizationId: string, userId: string): Promise<Set<string>> {
  const held = await db.query<{ id: string }>(sql`
    SELECT workspace_id AS id FROM effective_access
    WHERE organization_id = ${organizationId}::uuid AND user_id = ${userId}::uuid`);
  return new Set(held.map(({ id }) => id));
}

/** Conditions on the entries about a user that are kept. */
function ofUser(organizationId: string, userId: string, kept: Pick<SyncLogFilters, 'retentionDays'>): Sql {
  const about = conditions({ resourceType: 'User', resourceId: userId.toLowerCase(), ...kept });
  return join([sql`organization_id = ${organizationId}::uuid`, ...about], ' AND ');
}

async function requireUser(
  db: Queryable,
  organizationId: string,
  userId: string,
  kept: Pick<SyncLogFilters, 'retentionDays'>,
): Promise<void> {
  const known = await db.query(sql`
    SELECT FROM users WHERE organization_id = ${organizationId}::uuid AND id = ${userId}::uuid
    UNION ALL (
      SELECT FROM sync_logs WHERE ${ofUser(organizationId, userId, kept)} LIMIT 1)`);
  if (known.length === 0) throw new NotFoundError('user', userId);
}
