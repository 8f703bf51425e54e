import { queueNames, type QueueName } from '../jobs/job.ts';
import type { QueueBackend } from './backend.ts';
import type { JobQueue, JobReference } from './job-queue.ts';

/**
 * Which set of queues an organization's jobs go through. The end of a UUID is random, so organizations spread evenly.
 *
 * When the number of shards changes, jobs that wait in a queue which is not theirs any more are added anew to the right
 * one by the sweep; whoever still works the old one finds their rows done, or does them.
 */
export function shardOf(organizationId: string, shards: number): number {
  return Number.parseInt(organizationId.slice(-8), 16) % shards;
}

/**
 * The two queues as the dispatcher sees them, over every shard: a job goes to the shard of its organization.
 *
 * @param shards at least one
 */
export function queuesOver(shards: readonly QueueBackend[]): Record<QueueName, JobQueue> {
  const over = (name: QueueName): JobQueue => {
    const queues = shards.map((shard) => shard.queues[name].jobs);
    return {
      name,
      async add(jobs) {
        const results = await Promise.allSettled(
          queues.map(async (queue, shard) => {
            const own = jobs.filter((job) => shardOf(job.organizationId, queues.length) === shard);
            if (own.length > 0) await queue.add(own);
          }),
        );
        const failure = results.find((result) => result.status === 'rejected');
        if (failure !== undefined) throw failure.reason;
      },
      ensure: (job) => queueFor(queues, job).ensure(job),
      counts: async () => sum(await Promise.all(queues.map((queue) => queue.counts()))),
    };
  };
  return { 'group-membership': over('group-membership'), 'workspace-mapping': over('workspace-mapping') };
}

function queueFor(queues: readonly JobQueue[], { organizationId }: JobReference): JobQueue {
  const queue = queues[shardOf(organizationId, queues.length)];
  if (queue === undefined) throw new Error(`the organization ${organizationId} has no queue`);
  return queue;
}

function sum(counts: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of counts) {
    for (const [state, jobs] of Object.entries(one)) total[state] = (total[state] ?? 0) + jobs;
  }
  return total;
}

/** The places of a process for each queue, divided among the shards; each has at least one. */
export function dividedAmong<T extends Record<QueueName, number>>(
  concurrency: T,
  shards: number,
): Record<QueueName, number> {
  const divided = queueNames.map((name) => [name, Math.ceil(concurrency[name] / shards)] as const);
  return Object.fromEntries(divided) as Record<QueueName, number>; // of every name, as fromEntries cannot say
}
