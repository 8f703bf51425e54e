import sql from 'sql-template-tag';
import type { QueueName } from '../jobs/job.ts';
import type { Queryable } from '../platform/database.ts';
import { idArray, newId } from '../platform/ids.ts';
import { redactedSql } from '../platform/redact-secrets.ts';
import type { DirectoryCaller } from './caller.ts';
import type { GroupChangeResult } from './change-members.ts';
import { actionOf, messageOf, namedMembers, statusOf, type GroupChangeWords } from './group-change-entry.ts';

/** One request to add members, and who makes it; the entry has its id, because a failure of all is told for each. */
export interface MemberAddition {
  caller: DirectoryCaller & { entryId: string };
  /** Ids of users, at most as many as one job may hold. */
  add: readonly string[];
}

/** An entry depends on whether there was anything to add, not on what. */
const words: GroupChangeWords = { attributesChanged: [], members: { base: 'keep', add: ['any'], remove: [] } };

/**
 * Does several additions to one group in one statement, as if they came one after the other in the given order: each
 * has its own entry, its own job and the version that the group has after it. What an earlier one adds is no addition of
 * a later one. All are done or none.
 *
 * One after the other, each would hold the group's row until its commit is on disk while the others wait for it, which
 * costs Postgres more than the additions themselves. To everybody else the lock of the row gives the order, as in
 * `changeGroup`.
 *
 * @param additions all of the given organization
 * @returns what each came to, in the given order; none: the group is not there
 */
export async function addMembersTogether(
  q: Queryable,
  organizationId: string,
  groupId: string,
  additions: readonly MemberAddition[],
): Promise<GroupChangeResult[]> {
  const queue: QueueName = 'group-membership';
  const asked = additions.flatMap(({ add }, index) => add.map((userId) => ({ userId, turn: index + 1 })));
  const of = <T>(value: (addition: MemberAddition) => T): T[] => additions.map(value);
  return q.query<GroupChangeResult>(sql`
    WITH target AS MATERIALIZED (
      SELECT id, display_name, version FROM groups
      WHERE organization_id = ${organizationId} AND id = ${groupId}
      FOR NO KEY UPDATE
    ), addition AS MATERIALIZED (
      SELECT * FROM unnest(${of(({ caller }) => caller.entryId)}::uuid[], ${of(() => newId())}::uuid[],
        ${of(({ caller }) => caller.cause.requestId)}::text[], ${of(({ caller }) => caller.cause.actor.type)}::text[],
        ${of(({ caller }) => caller.cause.actor.id)}::text[], ${of(({ caller }) => caller.cause.actor.name)}::text[])
        WITH ORDINALITY AS a(entry_id, job_id, request_id, actor_type, actor_id, actor_name, turn)
    ), asked AS MATERIALIZED (
      -- Whoever asks first for a user has added it.
      SELECT user_id, min(turn) AS turn
      FROM unnest(${idArray(asked.map(({ userId }) => userId))}::uuid[], ${asked.map(({ turn }) => turn)}::integer[]) AS a(user_id, turn)
      GROUP BY user_id
    ), added AS (
      INSERT INTO group_members (organization_id, group_id, user_id)
      SELECT ${organizationId}, target.id, asked.user_id FROM target, asked
      ON CONFLICT DO NOTHING
      RETURNING user_id
    ), counts AS MATERIALIZED (
      SELECT addition.turn, count(added.user_id) AS added, 0 AS removed,
        jsonb_agg(added.user_id ORDER BY added.user_id) FILTER (WHERE added.user_id IS NOT NULL) AS user_ids
      FROM addition LEFT JOIN (asked JOIN added USING (user_id)) USING (turn)
      GROUP BY addition.turn
    ), moves AS MATERIALIZED (
      SELECT count(*) AS count FROM counts WHERE added > 0
    ), bumped AS (
      UPDATE groups g SET version = g.version + moves.count, updated_at = now()
      FROM target, moves
      WHERE g.organization_id = ${organizationId} AND g.id = ${groupId} AND moves.count > 0
    ), jobs AS (
      INSERT INTO sync_jobs (id, organization_id, queue, payload, request_id)
      SELECT addition.job_id, ${organizationId}, ${queue}::text, jsonb_build_object('userIds', counts.user_ids),
        addition.request_id
      FROM target, addition JOIN counts USING (turn)
      WHERE counts.added > 0
    ), entry AS (
      INSERT INTO sync_logs (id, organization_id, action, status, resource_type, resource_id, resource_name,
        actor_type, actor_id, actor_name, message, details, request_id)
      SELECT addition.entry_id, ${organizationId}, ${actionOf(words)}, ${statusOf(words)}, 'Group', target.id::text,
        ${redactedSql(sql`target.display_name`)}, addition.actor_type, addition.actor_id, addition.actor_name, ${messageOf(words)},
        jsonb_strip_nulls(jsonb_build_object('membersAdded', nullif(counts.added, 0),
          'added', jsonb_path_query_array(counts.user_ids, ${`$[0 to ${namedMembers - 1}]`}::jsonpath))),
        addition.request_id
      FROM target, addition JOIN counts USING (turn)
    )
    SELECT target.version + count(*) FILTER (WHERE counts.added > 0) OVER (ORDER BY counts.turn) AS version,
      counts.added, counts.removed
    FROM target, counts
    ORDER BY counts.turn`);
}
