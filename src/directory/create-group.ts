import sql, { empty } from 'sql-template-tag';
import { insertMembershipJobs } from '../jobs/add.ts';
import type { Database } from '../platform/database.ts';
import { idArray, newId } from '../platform/ids.ts';
import type { JsonObject } from '../scim/json.ts';
import { insertEntry } from '../sync-log/append.ts';
import type { DirectoryCaller } from './caller.ts';
import { groupColumns, groupColumnsOf, type GroupRow } from './group-record.ts';
import { mapGroupConflict, requireUserIds } from './group-conflict.ts';

/** A group as it was created. */
export interface CreatedGroup extends GroupRow {
  /** Left out: not known. */
  isEmpty?: boolean;
}

/**
 * Creates a group with its first members (RFC 7644 section 3.3): everything in one statement, one round trip.
 *
 * @param resource a parsed Group
 * @param members ids of users
 * @throws InvalidAttributeError, ExternalIdInUseError, UnknownMembersError
 */
export async function createGroup(
  db: Database,
  caller: DirectoryCaller,
  resource: JsonObject,
  members: readonly string[],
): Promise<CreatedGroup> {
  const { organizationId, cause } = caller;
  const group = groupColumnsOf(resource);
  requireUserIds(members);
  const id = newId();
  const unique = [...new Set(members)];
  const entry = insertEntry(
    {
      id: caller.entryId,
      organizationId,
      action: 'CREATE',
      status: 'SUCCESS',
      resource: { type: 'Group', id, name: group.displayName },
      cause,
      message:
        unique.length === 0
          ? 'Group created.'
          : `Group created with ${unique.length} ${unique.length === 1 ? 'member' : 'members'}.`,
      details: { membersAdded: unique.length },
    },
    sql`FROM g`,
  );
  const memberParts =
    unique.length === 0
      ? empty
      : sql`, added AS (
          INSERT INTO group_members (organization_id, group_id, user_id)
          SELECT ${organizationId}, g.id, user_id FROM g, unnest(${idArray(unique)}::uuid[]) AS user_id
          RETURNING user_id
        ), jobs AS (${insertMembershipJobs(organizationId, cause.requestId, sql`SELECT user_id FROM added`, unique.length)})`;
  const [row] = await mapGroupConflict(
    db,
    organizationId,
    { externalId: group.externalId, members: unique },
    db.query<GroupRow>(
      sql`
      WITH g AS (
        INSERT INTO groups (organization_id, id, display_name, external_id, attributes)
        VALUES (${organizationId}, ${id}, ${group.displayName}, ${group.externalId}, ${JSON.stringify(group.attributes)})
        RETURNING *
      ), entry AS (${entry})${memberParts}
      SELECT ${groupColumns} FROM g`,
      unique.length === 0 ? { locks: id } : undefined,
    ),
  );
  if (row === undefined) throw new Error('INSERT ... RETURNING of a group gave no row');
  return { ...row, isEmpty: unique.length === 0 };
}
