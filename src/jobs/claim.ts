import sql from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { idArray } from '../platform/ids.ts';
import type { FailureCode } from './failure.ts';
import { queueNames, type QueueName } from './job.ts';

export interface ClaimedJob {
  id: string;
  organizationId: string;
  queue: QueueName;
  /**
   * When the job was handed to the queue before; null: never. A queue may still keep a job of that id, and adding it
   * again would silently do nothing.
   */
  previouslyDispatchedAt: Date | null;
  /** From the moment the job was added to this claim. */
  waitedMs: number;
}

export interface ClaimLimits {
  /** How many jobs of one organization may be in the queue, so that a large sync does not delay the next tenant. */
  inFlightPerOrganization: number;
  /**
   * How many of them may be `group-membership` jobs; left out: all. Those that have failed and wait for their next attempt
   * are not counted: a minute of backoff is not to hold up what comes after.
   */
  membershipInFlight?: number;
  /** Organizations of which no `group-membership` jobs are claimed this time; left out: none. */
  resting?: readonly string[];
  /** How many jobs one claim takes. */
  total: number;
}

/**
 * Marks pending jobs as dispatched and returns them, organizations taking turns, oldest first within each. The caller
 * then puts them into the queue; whatever it cannot put there it gives back with `releaseClaims`. The claim is
 * committed first, because no network call belongs inside a transaction; a crash in between leaves rows that
 * `claimOverdue` finds.
 *
 * Organizations with pending jobs are found by jumping from one to the next along the index, so that one organization
 * with 100,000 pending jobs costs no more than one with a single one, and each candidate is looked up by itself.
 * Candidates are chosen without locks and locked afterwards, where a row that another dispatcher took meanwhile is
 * skipped. Several dispatchers at the same instant may together exceed `inFlightPerOrganization`; it is a measure of
 * fairness, not an invariant.
 *
 * Rows of a queue that this version does not know are left to the newer one that added them. They, and jobs that wait
 * for a newer version, take no place of what an organization may have in flight.
 */
export function claimPending(
  db: Queryable,
  { inFlightPerOrganization, membershipInFlight = inFlightPerOrganization, resting = [], total }: ClaimLimits,
): Promise<ClaimedJob[]> {
  return db.query<ClaimedJob>(sql`
    WITH RECURSIVE tenant AS (
      (SELECT organization_id FROM sync_jobs WHERE status = 'pending' ORDER BY organization_id LIMIT 1)
      UNION ALL
      SELECT next.organization_id
      FROM tenant
      CROSS JOIN LATERAL (
        SELECT organization_id FROM sync_jobs
        WHERE status = 'pending' AND organization_id > tenant.organization_id
        ORDER BY organization_id
        LIMIT 1) AS next
    ), candidate AS MATERIALIZED (
      SELECT tenant.organization_id, pending.id, pending.turn
      FROM tenant
      CROSS JOIN LATERAL (
        SELECT count(*) AS jobs,
          count(*) FILTER (WHERE queue = ${membership} AND attempts = 0) AS membership_jobs
        FROM sync_jobs
        WHERE organization_id = tenant.organization_id AND status = 'dispatched' AND ${isKnown}
          AND failure_code IS DISTINCT FROM ${waiting}) AS in_flight
      CROSS JOIN LATERAL (
        SELECT id, queue, row_number() OVER (ORDER BY id) + in_flight.jobs AS turn,
          row_number() OVER (PARTITION BY queue ORDER BY id) + in_flight.membership_jobs AS membership_turn
        FROM (
          SELECT id, queue FROM sync_jobs
          WHERE organization_id = tenant.organization_id AND status = 'pending' AND ${isKnown}
          ORDER BY id
          LIMIT greatest(${inFlightPerOrganization}::bigint - in_flight.jobs, 0)) AS oldest) AS pending
      WHERE pending.queue <> ${membership}
        OR (pending.membership_turn <= ${membershipInFlight}::bigint AND tenant.organization_id <> ALL (${idArray(resting)}::uuid[]))
      ORDER BY pending.turn, pending.id
      LIMIT ${total}
    ), locked AS MATERIALIZED (
      SELECT j.id, j.dispatched_at, candidate.turn
      FROM candidate
      CROSS JOIN LATERAL (
        SELECT id, dispatched_at FROM sync_jobs
        WHERE organization_id = candidate.organization_id AND id = candidate.id AND status = 'pending'
        FOR UPDATE SKIP LOCKED) AS j
    ), claimed AS (
      UPDATE sync_jobs j
      SET status = 'dispatched', dispatched_at = clock_timestamp(), updated_at = clock_timestamp()
      FROM locked
      WHERE j.id = locked.id
      RETURNING j.id, j.organization_id, j.queue, j.created_at, locked.dispatched_at, locked.turn
    )
    SELECT id, organization_id AS "organizationId", queue, dispatched_at AS "previouslyDispatchedAt",
      ${waitedMs}
    FROM claimed ORDER BY turn, id`);
}

/** An older version's dispatcher would not know where to put it. */
const isKnown = sql`queue = ANY (${[...queueNames]}::text[])`;

const membership: QueueName = 'group-membership';

const waiting: FailureCode = 'newer-job';

/** A job that waits for a newer version is looked after less often: until one is there, in vain. */
const waitingFactor = 6;

/** By the database's clock, the one that wrote `created_at`. */
const waitedMs = sql`(extract(epoch FROM clock_timestamp() - created_at) * 1000)::float8 AS "waitedMs"`;

/** Gives claimed jobs back that could not be put into the queue. */
export async function releaseClaims(db: Queryable, jobs: readonly ClaimedJob[]): Promise<void> {
  await db.query(sql`
    UPDATE sync_jobs j
    SET status = 'pending', dispatched_at = given.dispatched_at, updated_at = clock_timestamp()
    FROM unnest(
      ${jobs.map((job) => job.id)}::uuid[],
      ${jobs.map((job) => job.previouslyDispatchedAt)}::timestamptz[]) AS given (id, dispatched_at)
    WHERE j.id = given.id AND j.status = 'dispatched'`);
}

/**
 * Dispatched jobs that nobody has finished for `olderThanMs`: their queue has to be asked what became of them. Each is
 * marked as seen now, so that it comes up again only after another `olderThanMs`, whoever asks.
 */
export function claimOverdue(db: Queryable, limits: { olderThanMs: number; total: number }): Promise<ClaimedJob[]> {
  return db.query<ClaimedJob>(sql`
    WITH overdue AS MATERIALIZED (
      SELECT id, dispatched_at FROM sync_jobs
      WHERE status = 'dispatched' AND dispatched_at < clock_timestamp() - ${limits.olderThanMs} * interval '1 ms'
        AND ${isKnown} AND (failure_code IS DISTINCT FROM ${waiting}
          OR dispatched_at < clock_timestamp() - ${limits.olderThanMs * waitingFactor} * interval '1 ms')
      ORDER BY dispatched_at
      LIMIT ${limits.total}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE sync_jobs j SET dispatched_at = clock_timestamp()
    FROM overdue
    WHERE j.id = overdue.id
    RETURNING j.id, j.organization_id AS "organizationId", j.queue, overdue.dispatched_at AS "previouslyDispatchedAt",
      ${waitedMs}`);
}
