import sql, { empty, type Sql } from 'sql-template-tag';
import { reconcileUsers } from '../access/reconcile.ts';
import { causeOfJob, deleteJob } from '../jobs/finish.ts';
import type { JobProgress, WorkspaceMappingPayload } from '../jobs/job.ts';
import type { LockedJob } from '../jobs/lock.ts';
import { parseWorkspaceMappingPayload } from '../jobs/parse-payload.ts';
import type { Transaction } from '../platform/database.ts';
import { insertEntry } from '../sync-log/append.ts';
import { whileActive, type JobResult, type JobRun } from './job-run.ts';

/** Users reconciled in one transaction: short enough that nobody waits long for their rows. */
const pageSize = 500;

interface Walked extends Required<JobProgress> {
  finished: boolean;
  /** Users of this page whom a look for drift had to repair. */
  driftRepaired: number;
}

/**
 * Works one `workspace-mapping` job: walks the users concerned in pages, in order of their ids. Every page is a
 * transaction of its own that also stores how far the walk has come, so it can be resumed after any page, by any worker,
 * and two deliveries of the same job take turns instead of walking twice. Who joins or leaves behind the cursor has a
 * job of their own; a mapping that changes meanwhile brings a walk of its own.
 *
 * @param usersPerPage for tests
 */
export async function runMappingJob(run: JobRun, usersPerPage: number = pageSize): Promise<JobResult> {
  for (;;) {
    const walked = await whileActive(run, (tx, job) => walkPage(tx, job, usersPerPage));
    if (typeof walked === 'string') return walked;
    if (walked.driftRepaired > 0) run.onDriftRepaired?.(walked.driftRepaired);
    if (walked.finished) return 'applied';
    run.onProgress(walked);
    if (run.shouldStop()) return 'interrupted';
  }
}

async function walkPage(tx: Transaction, job: LockedJob, usersPerPage: number): Promise<Walked> {
  const payload = parseWorkspaceMappingPayload(job.payload);
  const total = job.progress?.total ?? (await countUsers(tx, job.organizationId, payload));
  const users = await tx.query<{ id: string }>(sql`
    ${usersOf(job.organizationId, payload)}
    ${payload.afterUserId === undefined ? empty : sql`AND ${idIn(payload)} > ${payload.afterUserId}`}
    ORDER BY ${idIn(payload)} LIMIT ${usersPerPage}`);
  const last = users.at(-1);
  const { succeeded } =
    last === undefined
      ? { succeeded: 0 }
      : await reconcileUsers(tx, {
          organizationId: job.organizationId,
          userIds: users.map((user) => user.id),
          cause: causeOfJob(job),
          jobId: job.id,
          attempt: job.attempts + 1,
          onlyDrift: isDriftCheck(payload),
        });
  const done = (job.progress?.done ?? 0) + users.length;
  const driftRepaired = isDriftCheck(payload) ? succeeded : 0;
  const progress = {
    done,
    // Users may have come since they were counted.
    total: Math.max(total, done),
    changed: (job.progress?.changed ?? 0) + succeeded,
  };
  if (last === undefined || users.length < usersPerPage) {
    await finishWalk(tx, job, payload, progress);
    return { ...progress, driftRepaired, finished: true };
  }
  await tx.query(sql`
    UPDATE sync_jobs
    SET payload = payload || ${JSON.stringify({ afterUserId: last.id })}::jsonb,
      progress = ${JSON.stringify(progress)}, updated_at = clock_timestamp()
    WHERE id = ${job.id}`);
  return { ...progress, driftRepaired, finished: false };
}

/** The users of the directory that a walk visits; the caller adds conditions on `idIn` and the order. */
function usersOf(organizationId: string, payload: WorkspaceMappingPayload): Sql {
  return payload.scope === 'organization'
    ? sql`
        SELECT u.id FROM users u
        WHERE u.organization_id = ${organizationId} AND u.managed_by = 'directory'`
    : sql`
        SELECT u.id FROM group_members gm
        JOIN users u ON u.organization_id = gm.organization_id AND u.id = gm.user_id
        WHERE gm.organization_id = ${organizationId} AND gm.group_id = ${payload.groupId} AND u.managed_by = 'directory'`;
}

/**
 * By what a walk is ordered and resumed. Postgres does not conclude from a condition on the id of the user that the
 * memberships before it need not be read.
 */
function idIn({ scope }: WorkspaceMappingPayload): Sql {
  return scope === 'organization' ? sql`u.id` : sql`gm.user_id`;
}

function isDriftCheck(payload: WorkspaceMappingPayload): boolean {
  return payload.scope === 'organization' && payload.onlyDrift === true;
}

async function countUsers(tx: Transaction, organizationId: string, payload: WorkspaceMappingPayload): Promise<number> {
  const [row] = await tx.query<{ total: number }>(sql`
    SELECT count(*) AS total FROM (${usersOf(organizationId, payload)}) AS walked`);
  return row?.total ?? 0;
}

/**
 * The row goes, and one entry gives the totals beside the users' own; none for a look for drift that found nothing, or
 * the periodic ones would fill the log.
 */
async function finishWalk(
  tx: Transaction,
  job: LockedJob,
  payload: WorkspaceMappingPayload,
  { done, changed }: Required<JobProgress>,
): Promise<void> {
  if (isDriftCheck(payload) && changed === 0) {
    await tx.query(deleteJob(job));
    return;
  }
  const { type, id, name, checked } = await describeWalk(tx, job.organizationId, payload);
  await tx.query(sql`
    WITH entry AS (${insertEntry({
      organizationId: job.organizationId,
      action: 'SYNC_ACCESS',
      status: changed > 0 ? 'SUCCESS' : 'SKIPPED',
      resource: { type, id, name },
      cause: causeOfJob(job),
      message:
        done === 0
          ? `${checked}: there was nobody to check.`
          : `${checked}: ${done} checked, ${changed === 0 ? 'nothing needed to change' : `access of ${changed} changed`}.`,
      details: { usersChecked: done, usersChanged: changed },
      jobId: job.id,
      attempt: job.attempts + 1,
    })})
    ${deleteJob(job)}`);
}

async function describeWalk(tx: Transaction, organizationId: string, payload: WorkspaceMappingPayload) {
  if (payload.scope === 'organization') {
    const [organization] = await tx.query<{ name: string }>(sql`
      SELECT name FROM organizations WHERE id = ${organizationId}`);
    return {
      type: 'Organization',
      id: organizationId,
      name: organization?.name ?? null,
      checked: `Users of the directory (${payload.reason.replace(/\.$/, '')})`,
    } as const;
  }
  const [group] = await tx.query<{ name: string }>(sql`
    SELECT display_name AS name FROM groups WHERE organization_id = ${organizationId} AND id = ${payload.groupId}`);
  return {
    type: 'GroupMapping',
    id: payload.groupId,
    name: group?.name ?? null,
    checked: group === undefined ? 'The group has been deleted in the meantime' : `Members of ${group.name}`,
  } as const;
}
