import sql from 'sql-template-tag';
import { expect } from 'vitest';
import { insertMembershipJobs } from '../../src/jobs/add.ts';
import { newId } from '../../src/platform/ids.ts';
import { addMembers as addMemberRows, entries, jobRows } from '../access/fixtures.ts';
import { until } from '../queue/harness.ts';
import { race } from './held-lock.ts';
import type { Race, Scene } from './race.ts';
import type { Stage } from './stage.ts';
import { addMembers, type Tenant } from './tenant.ts';

/** A row that was committed late is with a worker within this. */
const dispatchedWithinMs = 5_000;

const bullmqOf = (stage: Stage) => stage.queues['group-membership'].bullmq;

/** What the delivery under this id came to, when it is over. */
async function outcomeOf(stage: Stage, deliveryId: string): Promise<unknown> {
  const queue = bullmqOf(stage);
  await until(async () => (await queue.getJobState(deliveryId)) === 'completed');
  return (await queue.getJob(deliveryId))?.returnvalue;
}

/** Brings a job to a worker once more under another id, as a queue does that never heard that it was done. */
async function deliverAgain({ stage, tenant }: Scene, jobId: string): Promise<string> {
  const deliveryId = newId();
  const reference = { id: jobId, organizationId: tenant.id };
  await bullmqOf(stage).add('group-membership', reference, { jobId: deliveryId });
  return deliveryId;
}

export const queueRaces: Race[] = [
  {
    id: 'R12',
    title:
      'a job that is delivered again before the first delivery commits: the second one finds no row, does nothing, logs nothing',
    async run(scene) {
      const { stage, tenant, holdRow } = scene;
      const [user = ''] = await tenant.users(1);
      const group = await tenant.mappedGroup('Team', [await tenant.workspace('Web')]);
      const lock = await holdRow('users', user, 'NO KEY UPDATE');
      try {
        const job = await tenant.jobOf(await tenant.scim('PATCH', `/Groups/${group}`, addMembers(user)));
        await lock.untilWaiting(1);
        const again = await deliverAgain(scene, job);
        await lock.untilWaiting(2);
        await lock.release();
        expect([await outcomeOf(stage, job), await outcomeOf(stage, again)]).toEqual(['applied', 'already-done']);
        expect((await entries(tenant.db, tenant.id)).filter(({ jobId }) => jobId === job)).toHaveLength(1);
      } finally {
        await lock.release();
      }
    },
  },
  {
    id: 'R12',
    title:
      'a job that is delivered again after its commit, under its own id and another one: does nothing, logs nothing',
    async run(scene) {
      const { stage, tenant } = scene;
      const [user = ''] = await tenant.users(1);
      const group = await tenant.mappedGroup('Team', [await tenant.workspace('Web')]);
      const job = await tenant.jobOf(await tenant.scim('PATCH', `/Groups/${group}`, addMembers(user)));
      await tenant.quiet();
      expect(await outcomeOf(stage, job)).toBe('applied');
      const log = await entries(tenant.db, tenant.id);
      expect(await stage.queues['group-membership'].jobs.ensure({ id: job, organizationId: tenant.id })).toBe(
        'retried',
      );
      const again = await deliverAgain(scene, job);
      expect([await outcomeOf(stage, job), await outcomeOf(stage, again)]).toEqual(['already-done', 'already-done']);
      expect(await entries(tenant.db, tenant.id)).toEqual(log);
    },
  },
  ...(['replays', 'retry'] as const).map((first): Race => ({
    id: 'R13',
    title: `a replay asked for twice beside a retry of the queue, ${first} first: one effect, one entry of it`,
    async run({ stage, tenant, holdRow }) {
      const job = await failedJob(stage, tenant);
      const replay = () => tenant.admin('POST', '/jobs/replay', { ids: [job] });
      const retry = async (): Promise<null> => {
        await (await bullmqOf(stage).getJob(job))?.retry('failed', { resetAttemptsMade: true });
        return null;
      };
      const lock = await holdRow('sync_jobs', job, 'UPDATE');
      const answers = await race(lock, first === 'retry' ? [retry, replay, replay] : [replay, replay, retry]);
      const replayed = answers.flatMap((answer) => (answer === null ? [] : [answer.body['replayed']]));
      expect(replayed).toEqual(first === 'retry' ? [0, 0] : [1, 0]);
      await tenant.quiet();
      const log = await entries(tenant.db, tenant.id);
      expect(
        log.flatMap(({ jobId, action, status }) => (jobId === job && action === 'SYNC_ACCESS' ? [status] : [])),
      ).toEqual(['FAILED', 'SUCCESS']);
      expect(log.flatMap(({ action, status }) => (action === 'REPLAY_JOBS' ? [status] : [])).toSorted()).toEqual(
        first === 'retry' ? ['SKIPPED', 'SKIPPED'] : ['SKIPPED', 'SUCCESS'],
      );
    },
  })),
  {
    id: 'R14',
    title: 'a request whose job row commits after a younger one was dispatched: its job runs as well',
    async run({ stage, tenant, holdRow }) {
      const { late, early, one, other } = await twoGroups(tenant);
      // The request has inserted its job row when Postgres comes to check, at the end of the statement, the new member.
      const lock = await holdRow('users', late, 'UPDATE');
      try {
        const asked = tenant.scim('PATCH', `/Groups/${one}`, addMembers(late));
        await lock.untilWaiting(1);
        const younger = await tenant.jobOf(await tenant.scim('PATCH', `/Groups/${other}`, addMembers(early)));
        await tenant.quiet();
        stage.nudge();
        expect(await tenant.effectiveAccess(early)).toEqual(['Web']);
        await lock.release();
        const older = await tenant.jobOf(await asked);
        expect(older < younger).toBe(true);
      } finally {
        await lock.release();
      }
      await untilApplied(tenant, late);
    },
  },
  {
    id: 'R14',
    title: 'a job row of a process that dies with its commit, younger ones dispatched before: the sweep finds it',
    async run({ tenant }) {
      const { late, early, one, other } = await twoGroups(tenant);
      await tenant.db.transaction(async (tx) => {
        await addMemberRows(tx, tenant.id, one, [late]);
        await tx.query(insertMembershipJobs(tenant.id, null, sql`SELECT ${late}::uuid AS user_id`));
        await tenant.scim('PATCH', `/Groups/${other}`, addMembers(early));
        await tenant.quiet();
        expect(await tenant.effectiveAccess(early)).toEqual(['Web']);
      });
      await untilApplied(tenant, late);
    },
  },
];

async function twoGroups(tenant: Tenant) {
  const [late = '', early = ''] = await tenant.users(2);
  const web = await tenant.workspace('Web');
  const [one, other] = [await tenant.mappedGroup('One', [web]), await tenant.mappedGroup('Other', [web])];
  return { late, early, one, other };
}

async function untilApplied(tenant: Tenant, user: string): Promise<void> {
  const committedAt = performance.now();
  await tenant.quiet();
  expect(performance.now() - committedAt).toBeLessThan(dispatchedWithinMs);
  expect(await tenant.effectiveAccess(user)).toEqual(['Web']);
}

/** A job that failed for good, of a payload that has been mended since. */
async function failedJob(stage: Stage, tenant: Tenant): Promise<string> {
  const [user = ''] = await tenant.users(1);
  await tenant.mappedGroup('Team', [await tenant.workspace('Web')]);
  const job = newId();
  await tenant.db.query(sql`
    INSERT INTO sync_jobs (id, organization_id, queue, payload)
    VALUES (${job}, ${tenant.id}, 'group-membership', '{"userIds": ["damaged"]}')`);
  stage.nudge();
  await until(async () => (await bullmqOf(stage).getJobState(job)) === 'failed');
  expect(await jobRows(tenant.db, tenant.id)).toMatchObject([{ id: job, status: 'failed' }]);
  // So that there is something to do, and the one effect can be told from none.
  await tenant.db.query(sql`UPDATE users SET role = NULL WHERE organization_id = ${tenant.id} AND id = ${user}`);
  await tenant.db.query(sql`
    UPDATE sync_jobs SET payload = ${JSON.stringify({ userIds: [user] })}::jsonb
    WHERE organization_id = ${tenant.id} AND id = ${job}`);
  return job;
}
