import sql from 'sql-template-tag';
import { insertJob } from '../jobs/add.ts';
import type { Queryable } from '../platform/database.ts';
import type { PatchOperation } from '../scim/patch-request.ts';
import { insertEntry } from '../sync-log/append.ts';
import type { DirectoryCaller } from './caller.ts';
import { groupsColumn, type UserWithGroups } from './read-users.ts';
import { userChangeWords } from './user-change-entry.ts';
import { userColumns } from './user-record.ts';

/** What `active` is to become, where that is all that a PATCH asks for: how providers deactivate and reactivate. */
export function activeAlone(operations: readonly PatchOperation[]): boolean | undefined {
  const [operation, ...others] = operations;
  if (operation === undefined || others.length > 0 || operation.op === 'remove') return undefined;
  const { path, value } = operation;
  if (path.kind !== 'attribute' || path.filter !== undefined) return undefined;
  const { extension, definition } = path.attribute;
  return !extension && definition.name === 'active' && typeof value === 'boolean' ? value : undefined;
}

/**
 * Deactivates or reactivates a user, in one statement: what else the user is has no part in it, and need not be read.
 *
 * @param id in lower case, as ids are everywhere but in addresses
 * @returns undefined where it is more than that, and nothing was done: the user is not there, has this state already, or
 *   is not the directory's yet
 */
export async function setActive(
  q: Queryable,
  { organizationId, cause, entryId }: DirectoryCaller,
  id: string,
  { active, withGroups }: { active: boolean; withGroups: boolean },
): Promise<UserWithGroups | undefined> {
  const changed = ['active'];
  const entry = insertEntry(
    {
      id: entryId,
      organizationId,
      ...userChangeWords(!active, active, changed),
      status: 'SUCCESS',
      resource: { type: 'User', id, name: sql`u.user_name` },
      cause,
      details: { attributesChanged: changed },
    },
    sql`FROM u`,
  );
  const job = insertJob(
    { organizationId, requestId: cause.requestId, queue: 'group-membership', payload: { userIds: [id] } },
    sql`FROM u`,
  );
  const [row] = await q.query<UserWithGroups>(
    sql`
      WITH u AS (
        UPDATE users SET active = ${active}, version = version + 1, updated_at = now()
        WHERE organization_id = ${organizationId} AND id = ${id} AND managed_by = 'directory' AND active <> ${active}
        RETURNING *
      ), entry AS (${entry}), job AS (${job})
      SELECT ${userColumns}, ${groupsColumn(withGroups)} AS groups FROM u`,
    { locks: id },
  );
  return row;
}
