import { reconcileUsers } from '../access/reconcile.ts';
import { causeOfJob, deleteJob } from '../jobs/finish.ts';
import { parseGroupMembershipPayload } from '../jobs/parse-payload.ts';
import { whileActive, type JobResult, type JobRun } from './job-run.ts';

/** Works one `group-membership` job: reconciles its users and deletes its row, in one transaction. */
export function runMembershipJob(run: JobRun): Promise<JobResult> {
  return whileActive(run, async (tx, job): Promise<JobResult> => {
    const { userIds } = parseGroupMembershipPayload(job.payload);
    await reconcileUsers(tx, {
      organizationId: job.organizationId,
      userIds,
      cause: causeOfJob(job),
      jobId: job.id,
      attempt: job.attempts + 1,
      alongside: deleteJob(job),
    });
    return 'applied';
  });
}
