import sql, { empty, type Sql } from 'sql-template-tag';
import { newId } from '../platform/ids.ts';
import type { Queryable } from '../platform/database.ts';
import { maxUsersPerJob, type GroupMembershipPayload, type QueueName, type WorkspaceMappingPayload } from './job.ts';

export type JobInput = {
  /** Chosen by the caller when an answer must name the job. */
  id?: string;
  organizationId: string;
  requestId: string | null;
} & (
  | { queue: 'group-membership'; payload: GroupMembershipPayload }
  | { queue: 'workspace-mapping'; payload: WorkspaceMappingPayload }
);

/**
 * The INSERT of one job row as a fragment, for statements that write a resource, its entry and its job in one round
 * trip. Jobs are written in the very transaction that makes them necessary; the dispatcher finds them after commit.
 *
 * @param from a FROM clause that yields at most one row; no row, no job
 */
export function insertJob(job: JobInput, from: Sql = empty): Sql {
  return sql`
    INSERT INTO sync_jobs (id, organization_id, queue, payload, request_id)
    SELECT ${job.id ?? newId()}::uuid, ${job.organizationId}::uuid, ${job.queue}::text,
      ${JSON.stringify(job.payload)}::jsonb, ${job.requestId}::text
    ${from}`;
}

/**
 * The INSERT of as many `group-membership` rows as `users` needs, at most 500 users each.
 *
 * @param users a query with one column `user_id`, each user once
 * @param most how many they can be; where one row holds them all, nothing is numbered, and the id comes from here
 */
export function insertMembershipJobs(
  organizationId: string,
  requestId: string | null,
  users: Sql,
  most = Infinity,
): Sql {
  const queue: QueueName = 'group-membership';
  if (most <= maxUsersPerJob) {
    return sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload, request_id)
      SELECT ${newId()}::uuid, ${organizationId}::uuid, ${queue}::text,
        jsonb_build_object('userIds', jsonb_agg(user_id ORDER BY user_id)), ${requestId}::text
      FROM (${users}) AS concerned
      HAVING count(*) > 0`;
  }
  return sql`
    INSERT INTO sync_jobs (id, organization_id, queue, payload, request_id)
    SELECT new_id(), ${organizationId}::uuid, ${queue}::text,
      jsonb_build_object('userIds', jsonb_agg(user_id ORDER BY user_id)), ${requestId}::text
    FROM (
      SELECT user_id, (row_number() OVER (ORDER BY user_id) - 1) / ${maxUsersPerJob}::integer AS chunk
      FROM (${users}) AS concerned
    ) AS chunked
    GROUP BY chunk`;
}

/** Adds one job row inside the caller's transaction. @returns its id */
export async function addJob(tx: Queryable, job: JobInput): Promise<string> {
  const id = job.id ?? newId();
  await tx.query(insertJob({ ...job, id }));
  return id;
}
