import { lockOfJob, type LockedJob } from '../../src/jobs/lock.ts';
import type { Transaction } from '../../src/platform/database.ts';

/** Locks a job by itself, for what happens while a worker is at it. @returns undefined when the row is gone */
export async function lockJob(
  tx: Transaction,
  job: { id: string; organizationId: string },
): Promise<LockedJob | undefined> {
  const [row] = await tx.query<LockedJob>(lockOfJob(job));
  return row;
}
