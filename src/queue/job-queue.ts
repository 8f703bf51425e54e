import type { Queue } from 'bullmq';
import { z } from 'zod';
import type { QueueName } from '../jobs/job.ts';
import { longestDelayMs } from './settings.ts';

/** All that BullMQ ever holds of a job: where its row is. */
export const jobReference = z.object({ id: z.uuid(), organizationId: z.uuid() });
export type JobReference = z.infer<typeof jobReference>;

/** One queue as the dispatcher needs it: BullMQ's vocabulary stays in this folder. */
export interface JobQueue {
  readonly name: QueueName;
  /** Jobs that the queue has never held. */
  add(jobs: readonly JobReference[]): Promise<void>;
  /**
   * A job that the queue may hold already, in whatever state: makes sure that it will run, once. Adding an id that is
   * still kept would silently do nothing, so this asks for the state first.
   */
  ensure(job: JobReference): Promise<EnsuredJob>;
  /** Number of jobs by state. */
  counts(): Promise<Record<string, number>>;
}

/** What `ensure` found and did: left alone as it is on its way, added anew, or taken up again after it had ended. */
export type EnsuredJob = 'on-its-way' | 'added' | 'retried';

function names(data: unknown, { id, organizationId }: JobReference): boolean {
  const parsed = jobReference.safeParse(data);
  return parsed.success && parsed.data.id === id && parsed.data.organizationId === organizationId;
}

/**
 * @param queue of either engine; see `backend.ts`
 * @param options.fewAtOnce as many jobs are added one by one, because that takes the engine less than adding them in bulk
 */
export function jobQueue(name: QueueName, queue: Queue<JobReference>, { fewAtOnce }: { fewAtOnce: number }): JobQueue {
  const add = async (jobs: readonly JobReference[]): Promise<void> => {
    const all = jobs.map(({ id, organizationId }) => ({ name, data: { id, organizationId }, opts: { jobId: id } }));
    if (all.length > fewAtOnce) await queue.addBulk(all);
    else for (const { data, opts } of all) await queue.add(name, data, opts);
  };
  return {
    name,
    add,
    async ensure(reference) {
      const state = await queue.getJobState(reference.id);
      switch (state) {
        case 'unknown':
          // A server that lost part of its data may still hold the job's hash, in no list; it would make adding a no-op.
          await queue.remove(reference.id);
          await add([reference]);
          return 'added';
        case 'completed':
        case 'failed': {
          const job = await queue.getJob(reference.id);
          if (job === undefined) await add([reference]);
          else if (!names(job.data, reference)) {
            // Edited by hand, or damaged: it would fail in the same way for ever.
            await queue.remove(reference.id);
            await add([reference]);
          }
          // Without the reset a job that had used up its attempts would get a single one.
          else await job.retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true });
          return 'retried';
        }
        case 'delayed': {
          const job = await queue.getJob(reference.id);
          if (job === undefined || job.delay <= longestDelayMs) return 'on-its-way';
          await job.promote();
          return 'retried';
        }
        default:
          return 'on-its-way';
      }
    },
    counts: () => queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'completed', 'failed'),
  };
}
