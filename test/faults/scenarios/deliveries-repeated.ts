import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import type { QueueName } from '../../../src/jobs/job.ts';
import { accessRowsWritten } from '../harness/history.ts';
import { openJobDeliveries } from '../harness/job-deliveries.ts';
import type { FaultContext, Scenario } from '../scenario.ts';

const copies = 3;

interface KnownJob {
  id: string;
  organizationId: string;
  queue: QueueName;
}

/** Every job that the organizations of this round have ever had. */
function jobsOf({ cluster, traffic }: FaultContext): Promise<KnownJob[]> {
  const ids = traffic.organizations.map(({ id }) => id);
  return cluster.db.query<KnownJob>(sql`
    SELECT subject AS id, organization_id AS "organizationId", extra->>'queue' AS queue FROM fault_history.event
    WHERE kind = 'job' AND organization_id = ANY (${ids}::uuid[])`);
}

async function deliverAgain(context: FaultContext, jobs: readonly KnownJob[]): Promise<void> {
  const { random, count, cluster } = context;
  const deliveries = await openJobDeliveries(cluster);
  try {
    for (const queue of ['group-membership', 'workspace-mapping'] as const) {
      const repeated = jobs.filter((job) => job.queue === queue).flatMap((job) => Array<KnownJob>(copies).fill(job));
      const shuffled = random.sample(repeated, repeated.length);
      await deliveries.deliver(
        queue,
        shuffled.map(({ id, organizationId }) => ({ id, organizationId })),
      );
      count('delivered', shuffled.length);
    }
    while ((await deliveries.underway()) > 0) await sleep(20);
  } finally {
    await deliveries.close();
  }
}

/**
 * F15: every job is delivered three more times, in another order: while it may still be waiting or worked, and long
 * after it was done. How late makes no difference to a worker, who finds the row or does not; so "an hour late" is a
 * delivery after everything is quiet.
 */
export const deliveriesRepeated: Scenario = {
  id: 'F15',
  name: 'delivers every job three more times, shuffled, at once and late',
  times: { small: 1, full: 20 },
  perRound: 2,
  async inject(context) {
    for (let time = 0; time < context.times; time += 1) {
      await context.traffic.progress(40);
      await deliverAgain(context, await jobsOf(context));
    }
  },
  async afterQuiet(context) {
    const organizationIds = context.traffic.organizations.map(({ id }) => id);
    const before = await accessRowsWritten(context.cluster.db, organizationIds);
    await deliverAgain(context, await jobsOf(context));
    const written = (await accessRowsWritten(context.cluster.db, organizationIds)) - before;
    if (written > 0) context.violation(`I9: late repetitions of jobs wrote ${written} access rows`);
  },
};
