import sql, { empty } from 'sql-template-tag';
import { insertJob } from '../jobs/add.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { changedAttributes } from '../scim/changed-attributes.ts';
import { requireImmutablesKept } from '../scim/immutable.ts';
import type { JsonObject } from '../scim/json.ts';
import { applyPatch } from '../scim/patch.ts';
import type { PatchOperation } from '../scim/patch-request.ts';
import type { ResourceType } from '../scim/schema.ts';
import { insertEntry } from '../sync-log/append.ts';
import type { DirectoryCaller } from './caller.ts';
import { conflictNames, mapUserConflict } from './user-conflict.ts';
import { requireVersion } from './require-version.ts';
import { groupsColumn, type UserWithGroups } from './read-users.ts';
import { activeAlone, setActive } from './set-active.ts';
import { userChangeWords } from './user-change-entry.ts';
import { userColumns, userColumnsOf, userResource, type UserColumns, type UserRow } from './user-record.ts';

/** Rounds without a lock before the row is locked: contention on one user is rare, and then short. */
const optimisticRounds = 2;

interface ChangeOptions {
  resourceType: ResourceType;
  /** `If-Match` of the request (RFC 7644 section 3.14), if it had one. */
  ifMatch: string | undefined;
  /** Whether the answer shows `groups`; they come with the read that is needed anyway. */
  withGroups: boolean;
}

interface Change extends ChangeOptions {
  /** The resource as it shall be, from the one that is. */
  compute: (current: JsonObject) => JsonObject;
}

/**
 * PATCH of a user (RFC 7644 section 3.5.2): all operations or none.
 *
 * @throws NotFoundError, AlreadyInUseError, InvalidAttributeError, DomainError `version-mismatch`, ScimError of a wrong operation
 */
export async function patchUser(
  db: Database,
  caller: DirectoryCaller,
  id: string,
  { operations, ...options }: ChangeOptions & { operations: readonly PatchOperation[] },
): Promise<UserWithGroups> {
  const active = activeAlone(operations);
  if (active !== undefined && options.ifMatch === undefined && isId(id)) {
    const user = await setActive(db, caller, id.toLowerCase(), { active, withGroups: options.withGroups });
    if (user !== undefined) return user;
  }
  const compute = (current: JsonObject) => applyPatch(current, operations, options.resourceType).resource;
  return changeUser(db, caller, id, { ...options, compute });
}

/**
 * PUT of a user (RFC 7644 section 3.5.1): attributes that the request leaves out are removed. An absent `active` keeps
 * the present state, because a provider that never sends it must not reactivate a leaver.
 *
 * @throws as `patchUser`
 */
export function replaceUser(
  db: Database,
  caller: DirectoryCaller,
  id: string,
  { resource, ...options }: ChangeOptions & { resource: JsonObject },
): Promise<UserWithGroups> {
  const compute = (current: JsonObject): JsonObject => {
    requireImmutablesKept(current, resource, options.resourceType);
    return resource;
  };
  return changeUser(db, caller, id, { ...options, compute });
}

/**
 * Read, compute, write where the version is still the one that was read; a lost race computes anew from the newer row.
 * After a few rounds the row is locked, so that it always ends.
 */
async function changeUser(db: Database, caller: DirectoryCaller, id: string, change: Change): Promise<UserWithGroups> {
  if (!isId(id)) throw new NotFoundError('user', id);
  for (let round = 0; round < optimisticRounds; round += 1) {
    const written = await changeOnce(db, caller, id, change, false);
    if (written !== 'lost-race') return written;
  }
  return db.transaction(async (tx) => {
    const written = await changeOnce(tx, caller, id, change, true);
    if (written === 'lost-race') throw new Error('a locked user changed');
    return written;
  });
}

async function changeOnce(
  q: Queryable,
  caller: DirectoryCaller,
  id: string,
  change: Change,
  lock: boolean,
): Promise<UserWithGroups | 'lost-race'> {
  const { organizationId } = caller;
  const [before] = await q.query<UserWithGroups>(
    sql`
    SELECT ${userColumns}, ${groupsColumn(change.withGroups)} AS groups FROM users u WHERE u.organization_id = ${organizationId} AND u.id = ${id}
    ${lock ? sql`FOR NO KEY UPDATE` : empty}`,
    lock ? undefined : 'read',
  );
  if (before === undefined) throw new NotFoundError('user', id);
  requireVersion(change.ifMatch, before.version);

  const current = userResource(before);
  const after = userColumnsOf(change.compute(current), caller.userNameFormat, { row: before, resource: current });
  const changed = changedAttributes(current, userResource({ ...before, ...after }), change.resourceType);
  const adopted = before.managedBy !== 'directory';
  if (changed.length === 0 && !adopted) {
    await appendUnchanged(q, caller, before);
    return before;
  }
  const written = await write(q, caller, before, after, { changed, adopted });
  return written === 'lost-race' ? written : { ...written, groups: before.groups };
}

async function write(
  q: Queryable,
  { organizationId, userNameFormat, cause, entryId }: DirectoryCaller,
  before: UserRow,
  after: UserColumns,
  { changed, adopted }: { changed: string[]; adopted: boolean },
): Promise<UserRow | 'lost-race'> {
  const { action, message } = userChangeWords(before.active, after.active, changed);
  const entry = insertEntry(
    {
      id: entryId,
      organizationId,
      action,
      status: 'SUCCESS',
      resource: { type: 'User', id: before.id, name: after.userName },
      cause,
      message: adopted ? `${message} From now on the directory manages this user.` : message,
      details: { attributesChanged: changed, ...(adopted ? { managedByBefore: before.managedBy } : {}) },
    },
    sql`FROM u`,
  );
  // Access is a function of memberships, mappings and `active`; no other attribute needs a reconcile.
  const affectsAccess = adopted || before.active !== after.active;
  const job = insertJob(
    { organizationId, requestId: cause.requestId, queue: 'group-membership', payload: { userIds: [before.id] } },
    affectsAccess ? sql`FROM u` : sql`WHERE false`,
  );
  // Groups show the names of their members, so their representation changes with a name. They are locked first, and in
  // id order as everywhere: two members of the same two groups, renamed at once, would else wait for each other.
  const isRenamed = before.userName !== after.userName;
  const lockGroups = isRenamed
    ? sql`
      locked AS MATERIALIZED (
        SELECT g.id FROM groups g
        WHERE g.organization_id = ${organizationId}
          AND g.id IN (
            SELECT group_id FROM group_members WHERE organization_id = ${organizationId} AND user_id = ${before.id})
        ORDER BY g.id FOR NO KEY UPDATE
      ), `
    : empty;
  const showName = isRenamed
    ? sql`, shown_in AS (
        UPDATE groups g SET version = g.version + 1, updated_at = now()
        FROM u JOIN group_members m ON m.organization_id = u.organization_id AND m.user_id = u.id
        WHERE g.organization_id = m.organization_id AND g.id = m.group_id
      )`
    : empty;
  const [row] = await mapUserConflict(
    conflictNames(userNameFormat),
    q.query<UserRow>(
      sql`
      WITH ${lockGroups}u AS (
        UPDATE users SET managed_by = 'directory', user_name = ${after.userName}, email = ${after.email},
          external_id = ${after.externalId}, display_name = ${after.displayName}, active = ${after.active},
          attributes = ${JSON.stringify(after.attributes)}, email_values = ${after.emailValues},
          version = version + 1, updated_at = now()
        WHERE organization_id = ${organizationId} AND id = ${before.id} AND version = ${before.version}
          ${isRenamed ? sql`AND (SELECT count(*) FROM locked) >= 0` : empty}
        RETURNING *
      ), entry AS (${entry}), job AS (${job})${showName}
      SELECT ${userColumns} FROM u`,
      // One that locks groups too might meet somebody who locks those first.
      isRenamed ? undefined : { locks: before.id },
    ),
  );
  return row ?? 'lost-race';
}

async function appendUnchanged(
  q: Queryable,
  { organizationId, cause, entryId }: DirectoryCaller,
  user: UserRow,
): Promise<void> {
  const entry = insertEntry({
    id: entryId,
    organizationId,
    action: 'UPDATE',
    status: 'SKIPPED',
    resource: { type: 'User', id: user.id, name: user.userName },
    cause,
    message: 'Nothing to change: the user already has these values.',
  });
  await q.query(entry, { locks: user.id });
}
