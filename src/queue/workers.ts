import { UnrecoverableError, WaitingError, type Job } from 'bullmq';
import type { Logger } from 'pino';
import { noteNewerJob } from '../jobs/fail.ts';
import { describeFailure, failureOf, isHopeless } from '../jobs/failure.ts';
import { queueNames, type QueueName } from '../jobs/job.ts';
import type { LockedJob } from '../jobs/lock.ts';
import { NewerJobError } from '../jobs/parse-payload.ts';
import type { Database } from '../platform/database.ts';
import type { QueueBackend } from './backend.ts';
import { recordFailure } from './job-failure.ts';
import { jobReference, type JobReference } from './job-queue.ts';
import type { JobResult, JobRun } from './job-run.ts';
import { runMappingJob } from './mapping-job.ts';
import { runMembershipJob } from './membership-job.ts';
import { concurrency as defaultConcurrency } from './settings.ts';

export type JobOutcome =
  | JobResult
  | 'will-retry'
  | 'failed'
  /** Its row stands as it is, for a worker of the version that knows this kind of job. */
  | 'waits-for-newer-version';

export interface FinishedJob {
  organizationId: string;
  queue: QueueName;
  outcome: JobOutcome;
  durationMs: number;
  /** It was done along with another one, without a delivery of its own. */
  alongside?: true;
  /** Whether all jobs of the organization that waited went along; left out: it is not known. */
  leftNone?: boolean;
}

export interface WorkersOptions {
  db: Database;
  backend: Pick<QueueBackend, 'createWorker'>;
  /** Jobs worked at the same time, by queue; left out: as settings.ts says. */
  concurrency?: Readonly<Record<QueueName, number>>;
  logger: Logger;
  /** Told about every delivery, after its transaction has ended. */
  onJobFinished: (job: FinishedJob) => void;
  /** Told how many users' access a periodic resync found wrong and repaired, page by page. */
  onDriftRepaired?: ((users: number) => void) | undefined;
  /** For tests: what works a job instead of the real thing. */
  runners?: Partial<Record<QueueName, (run: JobRun) => Promise<JobResult>>>;
}

export interface Workers {
  /**
   * Takes no new jobs and lets the running ones end; walks stop after their page. What is not done by the deadline is
   * left as it is, and another worker takes it up within seconds.
   */
  close(deadlineMs: number): Promise<void>;
}

const realRunners: Record<QueueName, (run: JobRun) => Promise<JobResult>> = {
  'group-membership': runMembershipJob,
  'workspace-mapping': (run) => runMappingJob(run),
};

/** Starts one worker per queue. */
export function startWorkers(options: WorkersOptions): Workers {
  const { backend, concurrency = defaultConcurrency } = options;
  const runners = { ...realRunners, ...options.runners };
  let stopping = false;
  const workers = queueNames.map((name) =>
    backend.createWorker(
      name,
      (job, token) => workOn(name, job, token, { ...options, run: runners[name], shouldStop: () => stopping }),
      concurrency[name],
    ),
  );
  return {
    async close(deadlineMs) {
      stopping = true;
      await Promise.all(workers.map((worker) => closeWithin(deadlineMs, (force) => worker.close(force))));
    },
  };
}

/**
 * One delivery. The row in Postgres decides everything; BullMQ only brings its id. Whatever is thrown here has been
 * written down already, and is worded so that bull-board may show it.
 */
async function workOn(
  queue: QueueName,
  job: Job<JobReference>,
  token: string | undefined,
  context: WorkersOptions & { run: (run: JobRun) => Promise<JobResult>; shouldStop: () => boolean },
): Promise<JobOutcome> {
  const { db, onJobFinished } = context;
  const startedAt = performance.now();
  const reference = jobReference.safeParse(job.data);
  if (!reference.success) throw new UnrecoverableError('This job does not name a row of the ledger.');

  let row: LockedJob | undefined;
  let logger = context.logger.child({ queue, jobId: reference.data.id, organizationId: reference.data.organizationId });
  let leftNone: boolean | undefined;
  const finish = (outcome: JobOutcome): JobOutcome => {
    const durationMs = performance.now() - startedAt;
    onJobFinished({
      organizationId: reference.data.organizationId,
      queue,
      outcome,
      durationMs,
      ...(leftNone !== undefined && { leftNone }),
    });
    logger.info({ outcome, durationMs: Math.round(durationMs) }, 'job finished');
    return outcome;
  };
  try {
    const result = await context.run({
      db,
      job: reference.data,
      onLocked: (locked) => {
        if (row === undefined) {
          logger = logger.child({ requestId: locked.requestId ?? undefined, attempt: locked.attempts + 1 });
        }
        row = locked;
      },
      shouldStop: context.shouldStop,
      onDoneAlongside: (rows) => {
        const { organizationId } = reference.data;
        const durationMs = performance.now() - startedAt;
        for (const { id: jobId, requestId } of rows) {
          onJobFinished({ organizationId, queue, outcome: 'applied', durationMs, alongside: true });
          const line = { jobId, requestId: requestId ?? undefined, alongside: reference.data.id, outcome: 'applied' };
          context.logger.info({ queue, organizationId, ...line }, 'job finished');
        }
      },
      onLeft: (left) => {
        leftNone = left === 'none';
      },
      onDriftRepaired: (users) => context.onDriftRepaired?.(users),
      // For people who look at bull-board; the ledger has it too.
      onProgress: ({ done, total }) => void job.updateProgress({ done, total }).catch(() => undefined),
    });
    if (result === 'interrupted') {
      finish(result);
      await job.moveToWait(token);
      throw new WaitingError();
    }
    return finish(result);
  } catch (error) {
    if (error instanceof WaitingError) throw error;
    if (error instanceof NewerJobError && row !== undefined) {
      // The delivery is over, the row is not: the dispatcher's look at overdue rows brings it to a worker again.
      await noteNewerJob(db, row, failureOf(error)).catch((err: unknown) => logger.warn({ err }, error.message));
      return finish('waits-for-newer-version');
    }
    const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    logger[isLast || isHopeless(error) ? 'error' : 'warn']({ err: error }, 'job attempt failed');
    finish(await recordFailure(db, row, error, { isLast, logger }));
    const reason = describeFailure(failureOf(error));
    throw isHopeless(error) ? new UnrecoverableError(reason) : new Error(reason);
  }
}

/** Closing waits for the connection, for ever when the server is away; forcing it does not. */
async function closeWithin(deadlineMs: number, close: (force: boolean) => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineMs);
  });
  const outcome = await Promise.race([close(false).catch(() => 'late' as const), deadline]);
  clearTimeout(timer);
  if (outcome === 'late') await Promise.race([close(true).catch(() => undefined), after(500)]);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
