import sql from 'sql-template-tag';
import type { Database, Transaction } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { changedAttributes } from '../scim/changed-attributes.ts';
import { splitGroupPatch } from '../scim/group-members-patch.ts';
import type { JsonObject } from '../scim/json.ts';
import { applyPatch } from '../scim/patch.ts';
import type { PatchOperation } from '../scim/patch-request.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { DirectoryCaller } from './caller.ts';
import { changeGroup, type GroupChange, type GroupChangeResult } from './change-members.ts';
import { requireVersion } from './require-version.ts';
import { mapGroupConflict, requireUserIds } from './group-conflict.ts';
import { groupColumns, groupColumnsOf, groupResource, type GroupRow } from './group-record.ts';

/**
 * PATCH of a group (RFC 7644 section 3.5.2): all operations or none. Adding named members, or removing them, is one
 * statement and one round trip; anything else depends on the group's present state and locks the group first.
 *
 * @throws NotFoundError, UnknownMembersError, ExternalIdInUseError, InvalidAttributeError, DomainError
 *   `version-mismatch`, ScimError of a wrong operation
 */
export async function patchGroup(
  db: Database,
  caller: DirectoryCaller,
  id: string,
  patch: {
    operations: readonly PatchOperation[];
    resourceType: ResourceType;
    ifMatch: string | undefined;
    /** Does a change that only adds members; left out: by itself, on `db`. */
    addMembers?: (members: readonly string[]) => Promise<GroupChangeResult | undefined>;
  },
): Promise<GroupChangeResult> {
  if (!isId(id)) throw new NotFoundError('group', id);
  const { attributes, members } = splitGroupPatch(patch.operations);
  if (members !== null) requireUserIds(members.add);
  // An id that cannot be a user's is no member, and removing what is not there succeeds.
  const change = members === null ? undefined : { ...members, remove: members.remove.filter(isId) };

  const isOneSided = change?.base === 'keep' && (change.add.length === 0 || change.remove.length === 0);
  if (attributes.length === 0 && isOneSided && patch.ifMatch === undefined) {
    const onlyAdds = change.remove.length === 0 && change.add.length > 0;
    const changed =
      onlyAdds && patch.addMembers !== undefined
        ? patch.addMembers(change.add)
        : changeGroup(db, caller, id, { attributesChanged: [], members: change });
    return mapGroupConflict(
      db,
      caller.organizationId,
      { externalId: null, members: change.add },
      changed.then(requireFound(id)),
    );
  }
  return changeLocked(db, caller, id, patch, (current) => ({
    resource: applyPatch(current, attributes, patch.resourceType).resource,
    ...(change === undefined ? {} : { members: change }),
  }));
}

/**
 * PUT of a group (RFC 7644 section 3.5.1). `members` absent leaves the members as they are, and the log says so; an
 * empty list clears them.
 *
 * @throws as `patchGroup`
 */
export async function replaceGroup(
  db: Database,
  caller: DirectoryCaller,
  id: string,
  replacement: {
    resource: JsonObject;
    resourceType: ResourceType;
    members: readonly string[] | undefined;
    ifMatch: string | undefined;
  },
): Promise<GroupChangeResult> {
  if (!isId(id)) throw new NotFoundError('group', id);
  const { members } = replacement;
  if (members !== undefined) requireUserIds(members);
  return changeLocked(db, caller, id, replacement, () => ({
    resource: replacement.resource,
    ...(members === undefined
      ? { remark: 'The request had no members attribute, so the members were left as they are.' }
      : { members: { base: 'clear', add: members, remove: [] } }),
  }));
}

/** Locks the group in a statement of its own, so that the one that changes it sees all that was committed before. */
async function changeLocked(
  db: Database,
  caller: DirectoryCaller,
  id: string,
  { ifMatch, resourceType }: { ifMatch: string | undefined; resourceType: ResourceType },
  change: (current: JsonObject) => Pick<GroupChange, 'members' | 'remark'> & { resource: JsonObject },
): Promise<GroupChangeResult> {
  const asked: { externalId: string | null; members: readonly string[] } = { externalId: null, members: [] };
  const work = async (tx: Transaction): Promise<GroupChangeResult> => {
    const before = await lockGroup(tx, caller.organizationId, id);
    requireVersion(ifMatch, before.version);
    const current = groupResource(before);
    const { resource, ...rest } = change(current);
    const columns = groupColumnsOf(resource);
    asked.externalId = columns.externalId;
    asked.members = rest.members?.add ?? [];
    const attributesChanged = changedAttributes(current, groupResource({ ...before, ...columns }), resourceType);
    return changeGroup(tx, caller, id, { columns, attributesChanged, ...rest }).then(requireFound(id));
  };
  return mapGroupConflict(db, caller.organizationId, asked, db.transaction(work));
}

async function lockGroup(tx: Transaction, organizationId: string, id: string): Promise<GroupRow> {
  const [row] = await tx.query<GroupRow>(sql`
    SELECT ${groupColumns} FROM groups g WHERE g.organization_id = ${organizationId} AND g.id = ${id}
    FOR NO KEY UPDATE`);
  if (row === undefined) throw new NotFoundError('group', id);
  return row;
}

function requireFound(id: string): <T>(result: T | undefined) => T {
  return (result) => {
    if (result === undefined) throw new NotFoundError('group', id);
    return result;
  };
}
