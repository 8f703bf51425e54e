import { reconcileUsers } from '../access/reconcile.ts';
import { causeOfJob, deleteJob, deleteJobs } from '../jobs/finish.ts';
import type { LockedJob } from '../jobs/lock.ts';
import { parseGroupMembershipPayload } from '../jobs/parse-payload.ts';
import { whileActive, type JobResult, type JobRun } from './job-run.ts';
import { mostAlongside, mostUsersAlongside } from './settings.ts';

type OtherJob = LockedJob['alongside'][number];

/**
 * Works one `group-membership` job: reconciles its users and deletes its row, in one transaction. Where more jobs of the
 * organization wait, some are done in the same go, each with its own entries: what a delivery costs besides, in the
 * queue and in round trips, is then paid once. Should that fail, the job is done alone, so that no other can be the reason.
 */
export async function runMembershipJob(run: JobRun): Promise<JobResult> {
  let others: readonly OtherJob[] = [];
  let leavesNone: boolean | undefined;
  const work = (alongside: number) =>
    whileActive(
      run,
      async (tx, job): Promise<JobResult> => {
        const { userIds } = parseGroupMembershipPayload(job.payload);
        const jobs = fewUsersOf(job.alongside);
        others = jobs.map(({ row }) => row);
        // One that is tried again takes along no others of its kind, so it cannot tell.
        leavesNone = job.attempts > 0 ? undefined : jobs.length === job.alongside.length && jobs.length < alongside;
        await reconcileUsers(tx, {
          organizationId: job.organizationId,
          userIds,
          cause: causeOfJob(job),
          jobId: job.id,
          attempt: job.attempts + 1,
          others: jobs.map((other) => ({
            jobId: other.row.id,
            attempt: other.row.attempts + 1,
            requestId: other.row.requestId,
            userIds: other.userIds,
          })),
          alongside: others.length === 0 ? deleteJob(job) : deleteJobs([job, ...others]),
        });
        return 'applied';
      },
      { alongside, plansOnce: true },
    );
  try {
    const result = await work(mostAlongside);
    if (result === 'applied' && others.length > 0) run.onDoneAlongside?.(others);
    if (result === 'applied' && leavesNone !== undefined) run.onLeft?.(leavesNone ? 'none' : 'some');
    return result;
  } catch (error) {
    if (others.length === 0) throw error;
    return work(0);
  }
}

/** As many as keep the transaction short; one whose payload is not understood is left to a delivery of its own. */
function fewUsersOf(rows: readonly OtherJob[]): { row: OtherJob; userIds: string[] }[] {
  const taken: { row: OtherJob; userIds: string[] }[] = [];
  let users = 0;
  for (const row of rows) {
    const userIds = userIdsOf(row.payload);
    users += userIds.length;
    if (users > mostUsersAlongside) break;
    if (userIds.length > 0) taken.push({ row, userIds });
  }
  return taken;
}

function userIdsOf(payload: unknown): string[] {
  try {
    return parseGroupMembershipPayload(payload).userIds;
  } catch {
    return [];
  }
}
