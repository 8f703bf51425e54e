import type { Logger } from 'pino';
import { claimOverdue, claimPending, releaseClaims, type ClaimedJob } from '../jobs/claim.ts';
import { queueNames, type QueueName } from '../jobs/job.ts';
import type { Queryable } from '../platform/database.ts';
import { createRecentActivity, type RecentActivity } from '../rate-limit/recent-activity.ts';
import { createClaimLoop } from './claim-loop.ts';
import type { JobQueue } from './job-queue.ts';
import { createRests } from './rests.ts';
import {
  claimBatch,
  inFlightPerOrganization,
  membershipInFlightBesideOthers,
  membershipInFlightPerOrganization,
  overdueMs,
  rest,
  sweepIntervalMs,
} from './settings.ts';
import type { FinishedJob } from './workers.ts';

export interface DispatcherOptions {
  db: Queryable;
  queues: Readonly<Record<QueueName, JobQueue>>;
  logger: Logger;
  /** False: adding would fail at once, so claiming is not even tried. */
  isConnected?: () => boolean;
  /** Told about every job that was put into its queue for the first time, for metrics. */
  onDispatched?: ((job: { queue: QueueName; lagMs: number }) => void) | undefined;
  /** For tests. */
  sweepEveryMs?: number;
  overdueAfterMs?: number;
  restOver?: typeof rest;
  /** Says whose jobs come at the same time as others'. */
  activity?: RecentActivity;
}

export interface Dispatcher {
  /**
   * Says that a job row has been committed. Returns at once, never throws; many calls make one claim.
   *
   * @param organizationId whose it is; left out: of several
   */
  nudge(organizationId?: string): void;
  /** Says that a worker of this process is done with a job, so that its organization may have another one. */
  jobFinished(job: Pick<FinishedJob, 'organizationId' | 'leftNone' | 'durationMs'>): void;
  close(): Promise<void>;
}

/**
 * So many finished jobs make one claim. Less than an organization may have in flight, so that a backlog keeps flowing
 * without waiting for a sweep; more than one, so that a claim is not paid for every job. While several are active each
 * has only one in flight, and each that is finished makes a claim, at once or after its rest.
 */
const finishedPerClaim = Math.ceil(membershipInFlightPerOrganization / 4);

/**
 * Moves job rows into the queue: at once after a nudge, and by a sweep for what no nudge announced (a crash, another
 * process, a queue that was away). Rows dispatched too long ago are looked up in the queue by state.
 *
 * One loop claims, so that a process never runs two claims at a time, and a slow queue delays this loop alone.
 */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { db, queues, logger, onDispatched, isConnected = () => true } = options;
  const { sweepEveryMs = sweepIntervalMs, overdueAfterMs = overdueMs, restOver = rest } = options;
  /** Whose jobs this process has seen: put into the queue, or worked. */
  const { activity = createRecentActivity() } = options;
  let closed = false;
  let finished = 0;
  /** After a failure nudges wait for the next sweep: a queue that is away must not be claimed for at every request. */
  let troubled = false;

  /** @returns whose jobs were found */
  async function dispatchPending(): Promise<Set<string>> {
    const found = new Set<string>();
    let claimed: ClaimedJob[];
    do {
      if (!isConnected()) return found;
      const besideOthers = activity.hasSeveral(performance.now());
      const resting = besideOthers ? rests.resting() : [];
      // They are left out, whether something has come for them or not.
      for (const organizationId of resting) rests.waits(organizationId);
      claimed = await claimPending(db, {
        inFlightPerOrganization,
        membershipInFlight: besideOthers ? membershipInFlightBesideOthers : membershipInFlightPerOrganization,
        resting,
        total: claimBatch,
      });
      for (const { organizationId, queue, previouslyDispatchedAt } of claimed) {
        found.add(organizationId);
        activity.note(organizationId, performance.now());
        if (queue === 'group-membership' && previouslyDispatchedAt === null) rests.note(organizationId);
      }
      await Promise.all(queueNames.map((name) => enqueue(name, claimed)));
    } while (claimed.length === claimBatch && !closed && !troubled);
    return found;
  }

  /** Puts the claimed jobs of one queue there, or gives them back. */
  async function enqueue(name: QueueName, claimed: readonly ClaimedJob[]): Promise<void> {
    const jobs = claimed.filter((job) => job.queue === name);
    const fresh = jobs.filter((job) => job.previouslyDispatchedAt === null);
    const known = jobs.filter((job) => job.previouslyDispatchedAt !== null);
    try {
      if (fresh.length > 0) await queues[name].add(fresh);
      for (const { waitedMs } of fresh) onDispatched?.({ queue: name, lagMs: waitedMs });
    } catch (error) {
      await giveBack(name, fresh, error);
    }
    const notEnsured: ClaimedJob[] = [];
    let cause: unknown;
    await Promise.all(
      known.map((job) =>
        queues[name].ensure(job).catch((error: unknown) => {
          cause = error;
          notEnsured.push(job);
        }),
      ),
    );
    if (notEnsured.length > 0) await giveBack(name, notEnsured, cause);
  }

  async function giveBack(queue: QueueName, jobs: readonly ClaimedJob[], cause: unknown): Promise<void> {
    troubled = true;
    logger.warn({ queue, jobs: jobs.length, err: cause }, 'jobs could not be put into the queue; they stay pending');
    await releaseClaims(db, jobs);
  }

  /** A job whose row still stands so long after it was dispatched: the queue says whether it is still on its way. */
  async function lookAfterOverdue(): Promise<void> {
    let overdue: ClaimedJob[];
    do {
      if (!isConnected()) return;
      overdue = await claimOverdue(db, { olderThanMs: overdueAfterMs, total: claimBatch });
      await Promise.all(overdue.map(lookAfter));
    } while (overdue.length === claimBatch && !closed && !troubled);
  }

  async function lookAfter(job: ClaimedJob): Promise<void> {
    const { id: jobId, organizationId, queue } = job;
    try {
      const outcome = await queues[queue].ensure(job);
      if (outcome === 'on-its-way') return;
      logger.info({ jobId, organizationId, queue, outcome }, 'an overdue job was put back to work');
    } catch (error) {
      troubled = true;
      logger.warn({ jobId, organizationId, queue, err: error }, 'an overdue job could not be looked up in the queue');
    }
  }

  /** Never lets an error out. */
  async function run<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      troubled = true;
      logger.warn({ err: error }, 'dispatching jobs failed; the next sweep tries again');
      return undefined;
    }
  }

  const claims = createClaimLoop(async () => (await run(dispatchPending)) ?? new Set());
  const rests = createRests({
    ...restOver,
    onRested: (organizationId) => {
      if (!troubled) claims.want(organizationId);
    },
  });

  /** At once, or after its rest while others are active. */
  function claimFor(organizationId: string | undefined): void {
    if (troubled) return;
    const waits = organizationId !== undefined && activity.hasSeveral(performance.now()) && rests.waits(organizationId);
    if (!waits) claims.want(organizationId);
  }

  let timer: NodeJS.Timeout | undefined;
  function scheduleSweep(): void {
    timer = setTimeout(() => {
      troubled = false;
      claims.want();
      void run(lookAfterOverdue).then(() => {
        if (!closed) scheduleSweep();
      });
    }, sweepEveryMs);
  }
  claims.want();
  scheduleSweep();

  return {
    nudge: claimFor,
    jobFinished({ organizationId, leftNone, durationMs }) {
      activity.note(organizationId, performance.now());
      // What was left when it began is known, and in a long one much may have come since.
      if (leftNone === true && durationMs < restOver.lengthMs) rests.note(organizationId);
      else if (leftNone === false) rests.end(organizationId);
      finished += 1;
      if (finished < finishedPerClaim && !activity.hasSeveral(performance.now())) return;
      finished = 0;
      claimFor(organizationId);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      rests.close();
      await claims.close();
    },
  };
}
