import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { claimOverdue, claimPending, releaseClaims, type ClaimedJob } from '../jobs/claim.ts';
import { queueNames, type QueueName } from '../jobs/job.ts';
import type { Queryable } from '../platform/database.ts';
import { createRecentActivity } from '../rate-limit/recent-activity.ts';
import type { JobQueue } from './job-queue.ts';
import {
  claimBatch,
  claimPauseMs,
  inFlightPerOrganization,
  membershipInFlightBesideOthers,
  membershipInFlightPerOrganization,
  overdueMs,
  sweepIntervalMs,
} from './settings.ts';

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
}

export interface Dispatcher {
  /** Says that a job row has been committed. Returns at once, never throws; many calls make one claim. */
  nudge(): void;
  /** Says that a worker of this process is done with a job, so that its organization may have another one. */
  jobFinished(organizationId: string): void;
  close(): Promise<void>;
}

/**
 * So many finished jobs make one claim. Less than an organization may have in flight, so that a backlog keeps flowing
 * without waiting for a sweep; more than one, so that a claim is not paid for every job. While several are active each
 * has only one in flight, and each that is finished makes a claim.
 */
const finishedPerClaim = Math.ceil(membershipInFlightPerOrganization / 4);

/**
 * Moves job rows into the queue: at once after a nudge, and by a sweep for what no nudge announced (a crash, another
 * process, a queue that was away). Rows dispatched too long ago are looked up in the queue by state.
 *
 * One loop does all of it, so that a process never runs two claims at a time, and a slow queue delays this loop alone.
 */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { db, queues, logger, onDispatched, isConnected = () => true } = options;
  const { sweepEveryMs = sweepIntervalMs, overdueAfterMs = overdueMs } = options;
  /** Whose jobs this process has seen: put into the queue, or worked. */
  const activity = createRecentActivity();
  let closed = false;
  let finished = 0;
  let running: Promise<void> | undefined;
  let wanted = false;
  /** After a failure nudges wait for the next sweep: a queue that is away must not be claimed for at every request. */
  let troubled = false;

  async function dispatchPending(): Promise<void> {
    let claimed: ClaimedJob[];
    do {
      if (!isConnected()) return;
      claimed = await claimPending(db, {
        inFlightPerOrganization,
        membershipInFlight: activity.hasSeveral(performance.now())
          ? membershipInFlightBesideOthers
          : membershipInFlightPerOrganization,
        total: claimBatch,
      });
      for (const { organizationId } of claimed) activity.note(organizationId, performance.now());
      await Promise.all(queueNames.map((name) => enqueue(name, claimed)));
    } while (claimed.length === claimBatch && !closed && !troubled);
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

  /** Runs `step` after whatever runs now, and never lets an error out. */
  async function run(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      troubled = true;
      logger.warn({ err: error }, 'dispatching jobs failed; the next sweep tries again');
    }
  }

  async function loop(): Promise<void> {
    // Whoever nudges has an answer to send first.
    await immediate();
    while (wanted && !closed) {
      wanted = false;
      await run(dispatchPending);
      // Who nudges in the meantime is served by the next claim; whoever nudges later finds the loop at rest.
      await sleep(claimPauseMs);
    }
    running = undefined;
  }

  function start(): void {
    if (closed) return;
    wanted = true;
    running ??= loop();
  }

  let timer: NodeJS.Timeout | undefined;
  function scheduleSweep(): void {
    timer = setTimeout(() => {
      troubled = false;
      start();
      void Promise.resolve(running)
        .then(() => run(lookAfterOverdue))
        .then(() => {
          if (!closed) scheduleSweep();
        });
    }, sweepEveryMs);
  }
  start();
  scheduleSweep();

  return {
    nudge() {
      if (!troubled) start();
    },
    jobFinished(organizationId) {
      activity.note(organizationId, performance.now());
      finished += 1;
      if (finished < finishedPerClaim && !activity.hasSeveral(performance.now())) return;
      finished = 0;
      if (!troubled) start();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
