import sql, { empty, type Sql } from 'sql-template-tag';
import type { Transaction } from '../platform/database.ts';
import { passGate } from './gate.ts';
import type { JobProgress, JobStatus, QueueName } from './job.ts';

/** A job row, locked by the transaction that works on it. */
export interface LockedJob {
  id: string;
  organizationId: string;
  queue: QueueName;
  /** Not parsed yet; see `parse-payload.ts`. */
  payload: unknown;
  status: JobStatus;
  /** Attempts that have failed so far. */
  attempts: number;
  requestId: string | null;
  progress: JobProgress | null;
  /** Pending jobs that were locked with it. */
  alongside: Omit<LockedJob, 'alongside'>[];
}

export interface LockOptions {
  /**
   * How many pending jobs of the same organization and queue to lock as well, oldest first: those that nobody else is at
   * and that have never failed. Nobody is made to wait for them, and nobody waits in here. Left out: none.
   */
  alongside?: number;
  /**
   * For the rest of the transaction statements that the server keeps are planned once for all values. Left to itself
   * Postgres may plan the one that applies access anew for each job of a few users, 6 ms each time: it knows only of values
   * how many they are, and so expects less of them. For statements that look everything up by keys.
   */
  plansOnce?: boolean;
}

/**
 * Takes the first locks of every transaction that works on a job, in this order: the gate, so that a change of the
 * organization's settings is not kept waiting by an endless row of workers; the job's row, so that the same job
 * delivered twice is worked once; the organization's row in share mode, so that its provisioning mode cannot change
 * underneath. Whoever had to wait sees the rows as the one before left them.
 *
 * @returns undefined when the row is gone: the job is done
 */
export async function lockJob(
  tx: Transaction,
  job: { id: string; organizationId: string },
  { alongside = 0, plansOnce = false }: LockOptions = {},
): Promise<LockedJob | undefined> {
  const [row] = await tx.query<LockedJob>(sql`
    WITH gate AS MATERIALIZED (SELECT ${passGate(job.organizationId)}${plansOnce ? planOnce : empty}),
    own AS MATERIALIZED (
      SELECT ${jobColumns}
      FROM gate
      CROSS JOIN sync_jobs j
      JOIN organizations o ON o.id = j.organization_id
      -- IS NOT DISTINCT keeps the index by organization out: it would serve as well as the key while there are few jobs.
      WHERE j.id = ${job.id} AND j.organization_id IS NOT DISTINCT FROM ${job.organizationId}
      FOR UPDATE OF j FOR SHARE OF o
    )${alongside === 0 ? empty : sql`, more AS MATERIALIZED (${pendingBeside(job.organizationId, alongside)})`}
    SELECT own.*, ${
      alongside === 0 ? sql`'[]'::jsonb` : sql`coalesce((SELECT jsonb_agg(to_jsonb(more) ORDER BY id) FROM more), '[]')`
    } AS alongside
    FROM own`);
  return row;
}

const planOnce = sql`, set_config('plan_cache_mode', 'force_generic_plan', true)`;

const jobColumns = sql`j.id, j.organization_id AS "organizationId", j.queue, j.payload, j.status, j.attempts,
  j.request_id AS "requestId", j.progress`;

function pendingBeside(organizationId: string, limit: number): Sql {
  return sql`
    SELECT pending.*
    FROM own
    CROSS JOIN LATERAL (
      SELECT ${jobColumns} FROM sync_jobs j
      WHERE j.organization_id = ${organizationId} AND j.status = 'pending' AND j.queue = own.queue AND j.id <> own.id
        AND j.attempts = 0 AND j.failure_code IS NULL
      ORDER BY j.id LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    ) AS pending`;
}
