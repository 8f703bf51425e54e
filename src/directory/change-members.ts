import sql, { empty, type Sql } from 'sql-template-tag';
import { insertMembershipJobs } from '../jobs/add.ts';
import type { Queryable } from '../platform/database.ts';
import { idArray } from '../platform/ids.ts';
import { redactedSql, redactSecrets } from '../platform/redact-secrets.ts';
import type { MemberChange } from '../scim/group-members-patch.ts';
import { entryId } from '../sync-log/append.ts';
import type { DirectoryCaller } from './caller.ts';
import { actionOf, messageOf, namedMembers, statusOf, type GroupChangeWords } from './group-change-entry.ts';
import type { GroupColumns } from './group-record.ts';

/** A change of one group: of its own attributes, of its members, or both. */
export interface GroupChange extends GroupChangeWords {
  /** New values of the attributes; absent: they stay. */
  columns?: GroupColumns;
}

export interface GroupChangeResult {
  /** The group's version now, changed or not. */
  version: number;
  added: number;
  removed: number;
}

/**
 * Applies a change of a group in one statement: members by sets, the version (only when something really changed), one
 * log entry and the jobs of exactly the users concerned. Its cost follows the change, not the group: the group's other
 * members are never read, except by `base: 'clear'`, which has to find those to drop.
 *
 * The statement locks the group's row. Unless the change only adds, or only removes, the caller must have locked it in
 * an *earlier* statement: DELETE sees what was there when the statement began, INSERT ... ON CONFLICT also what has been
 * committed since, and a change that does both would otherwise mix two states of the group.
 *
 * @returns undefined when the group is not there
 */
export async function changeGroup(
  q: Queryable,
  { organizationId, cause, entryId: id }: DirectoryCaller,
  groupId: string,
  change: GroupChange,
): Promise<GroupChangeResult | undefined> {
  const { columns, members, attributesChanged } = change;
  const add = members?.add ?? [];
  const attributesDiffer = attributesChanged.length > 0;
  const setColumns =
    columns === undefined || !attributesDiffer
      ? empty
      : sql`display_name = ${columns.displayName}, external_id = ${columns.externalId},
          attributes = ${JSON.stringify(columns.attributes)}, `;

  const gone = leaving(members, add);
  const removed =
    gone === undefined
      ? nobody
      : sql`
        DELETE FROM group_members m USING target
        WHERE m.organization_id = ${organizationId} AND m.group_id = ${groupId} AND ${gone}
        RETURNING m.user_id`;
  const added =
    add.length === 0
      ? nobody
      : sql`
        INSERT INTO group_members (organization_id, group_id, user_id)
        SELECT ${organizationId}, target.id, user_id FROM target, unnest(${idArray(add)}::uuid[]) AS user_id
        ON CONFLICT DO NOTHING
        RETURNING user_id`;
  const concerned =
    gone === undefined
      ? sql`SELECT user_id FROM added`
      : sql`SELECT user_id FROM added UNION SELECT user_id FROM removed`;

  const [result] = await q.query<GroupChangeResult>(sql`
    WITH target AS MATERIALIZED (
      SELECT id, display_name, version FROM groups
      WHERE organization_id = ${organizationId} AND id = ${groupId}
      FOR NO KEY UPDATE
    ), removed AS (${removed}
    ), added AS (${added}
    ), counts AS MATERIALIZED (
      SELECT (SELECT count(*) FROM added) AS added, (SELECT count(*) FROM removed) AS removed
    ), bumped AS (
      UPDATE groups g SET ${setColumns}version = g.version + 1, updated_at = now()
      FROM target, counts
      WHERE g.organization_id = ${organizationId} AND g.id = ${groupId}
        AND (${attributesDiffer} OR counts.added > 0 OR counts.removed > 0)
      RETURNING g.version
    ), jobs AS (
      ${insertMembershipJobs(organizationId, cause.requestId, concerned, mostConcerned(members, add))}
    ), entry AS (
      INSERT INTO sync_logs (id, organization_id, action, status, resource_type, resource_id, resource_name,
        actor_type, actor_id, actor_name, message, details, request_id)
      SELECT ${entryId(id)}, ${organizationId}, ${actionOf(change)}, ${statusOf(change)}, 'Group', target.id::text,
        ${columns === undefined ? redactedSql(sql`target.display_name`) : sql`${redactSecrets(columns.displayName)}::text`},
        ${cause.actor.type}, ${cause.actor.id}, ${cause.actor.name},
        ${messageOf(change)},
        jsonb_strip_nulls(jsonb_build_object(
          'attributesChanged', ${attributesDiffer ? JSON.stringify(attributesChanged) : null}::jsonb,
          'membersAdded', nullif(counts.added, 0), 'membersRemoved', nullif(counts.removed, 0),
          'added', (SELECT jsonb_agg(user_id) FROM (SELECT user_id FROM added LIMIT ${namedMembers}) AS named),
          'removed', (SELECT jsonb_agg(user_id) FROM (SELECT user_id FROM removed LIMIT ${namedMembers}) AS named))),
        ${cause.requestId}
      FROM target, counts
    )
    SELECT coalesce((SELECT version FROM bumped), target.version) AS version, counts.added, counts.removed FROM target, counts`);
  return result;
}

/** How many users can be concerned: those who are named, unless the rest of the members goes. */
function mostConcerned(members: MemberChange | undefined, add: readonly string[]): number {
  if (members === undefined) return 0;
  return members.base === 'clear' ? Infinity : add.length + members.remove.length;
}

/** No members at all: what a change does not ask for is not even looked for. */
const nobody = sql`SELECT NULL::uuid AS user_id WHERE false`;

/** Which present members go: a condition on `m.user_id`; undefined: none can. */
function leaving(members: MemberChange | undefined, add: readonly string[]): Sql | undefined {
  if (members === undefined || (members.base === 'keep' && members.remove.length === 0)) return undefined;
  if (members.base === 'clear') return sql`NOT (m.user_id = ANY (${idArray(add)}::uuid[]))`;
  return sql`m.user_id = ANY (${idArray(members.remove)}::uuid[])`;
}
