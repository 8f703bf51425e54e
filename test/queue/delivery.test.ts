import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requestResync } from '../../src/access/resync.ts';
import { addJob } from '../../src/jobs/add.ts';
import { lockJob } from '../../src/jobs/lock.ts';
import { replayJobs } from '../../src/jobs/replay.ts';
import { newId } from '../../src/platform/ids.ts';
import { UnknownPayloadError } from '../../src/jobs/parse-payload.ts';
import { createRecentActivity, type RecentActivity } from '../../src/rate-limit/recent-activity.ts';
import type { JobRun } from '../../src/queue/job-run.ts';
import { runMappingJob } from '../../src/queue/mapping-job.ts';
import { runMembershipJob } from '../../src/queue/membership-job.ts';
import {
  addMembershipJobs,
  cause,
  createGroup,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  entries,
  grantsOf,
  jobRows,
  mapGroup,
} from '../access/fixtures.ts';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createRig, engines, until, type Rig } from './harness.ts';

describe.each(engines)('on $engine', ({ engine, skip }) => {
  let rig: Rig;
  beforeEach(async (context) => {
    if (skip) context.skip();
    rig = await createRig(engine);
  });
  afterEach(() => rig.close());

  /** An organization with one mapped group, and a member whose access has not been computed yet. */
  async function newMember() {
    const { db } = rig;
    const organization = await createOrganization(db);
    const workspace = await createWorkspace(db, organization, 'Alpha');
    const user = await createUser(db, organization);
    const group = await createGroup(db, organization, 'A', [user]);
    await mapGroup(db, organization, group, { workspaceIds: [workspace] });
    return { organization, workspace, user, group };
  }

  test('a nudge brings a committed job to a worker without waiting for a sweep', async () => {
    const { organization, user } = await newMember();
    rig.startWorkers();
    const dispatcher = rig.startDispatcher({ sweepEveryMs: 3_600_000 });
    await addMembershipJobs(rig.db, organization, [user]);
    dispatcher.nudge();
    await untilQuiet(rig.db);
    expect(await grantsOf(rig.db, organization, user)).toEqual(['Alpha:directory']);
    // The row is gone for others before the worker hears of its commit.
    await until(() => rig.finished.length > 0);
    expect(rig.finished).toMatchObject([{ queue: 'group-membership', outcome: 'applied' }]);
  });

  test('a job that no nudge announced is found by the sweep', async () => {
    const { organization, user } = await newMember();
    rig.startWorkers();
    const dispatcher = rig.startDispatcher({ sweepEveryMs: 20 });
    dispatcher.nudge();
    await addMembershipJobs(rig.db, organization, [user]);
    await untilQuiet(rig.db);
    await expectNoDrift(rig.db);
  });

  test('jobs delivered three times in shuffled order leave one SUCCESS each and the right access', async () => {
    const organization = await createOrganization(rig.db);
    const users = await createUsers(rig.db, organization, 30);
    const group = await createGroup(rig.db, organization, 'All', users);
    await mapGroup(rig.db, organization, group, {
      workspaceIds: [await createWorkspace(rig.db, organization, 'Alpha')],
      role: 'developer',
    });
    const jobs = await Promise.all(
      users.map(async (user) => ({
        organizationId: organization,
        id: await addJob(rig.db, {
          organizationId: organization,
          requestId: null,
          queue: 'group-membership',
          payload: { userIds: [user] },
        }),
      })),
    );
    const deliveries = [
      ...jobs,
      ...jobs.toReversed(),
      ...jobs.toSorted((a, b) => (a.id.slice(-4) < b.id.slice(-4) ? -1 : 1)),
    ];
    await rig.backend.queues['group-membership'].bullmq.addBulk(
      deliveries.map((data) => ({ name: 'group-membership', data, opts: { jobId: newId() } })),
    );
    rig.startWorkers();
    // Jobs that were done along with another one are told of too, and delivered all the same.
    await until(() => rig.finished.filter(({ alongside }) => alongside !== true).length === deliveries.length);

    await expectNoDrift(rig.db);
    expect(await jobRows(rig.db, organization)).toEqual([]);
    const log = await entries(rig.db, organization);
    expect(log.filter((entry) => entry.status === 'SUCCESS')).toHaveLength(users.length);
    expect(log).toHaveLength(users.length);
  });

  test('what a wiped queue held is dispatched again', async () => {
    const { organization, user } = await newMember();
    const dispatcher = rig.startDispatcher({ sweepEveryMs: 20, overdueAfterMs: 100 });
    const [job] = await addMembershipJobs(rig.db, organization, [user]);
    dispatcher.nudge();
    const { bullmq } = rig.backend.queues['group-membership'];
    await until(async () => (await bullmq.getJobState(job?.id ?? '')) === 'waiting');
    await rig.wipeQueue();
    expect(await bullmq.getJobState(job?.id ?? '')).toBe('unknown');

    rig.startWorkers();
    await untilQuiet(rig.db);

    await expectNoDrift(rig.db);
    expect(await entries(rig.db, organization)).toHaveLength(1);
  });

  test('a job that the queue calls completed or failed while its row stands is worked again', async () => {
    const { organization, user } = await newMember();
    let deliveries = 0;
    rig.startWorkers({
      runners: {
        // The process loses the database right after BullMQ gave it the job, in two ways.
        'group-membership': async () => {
          deliveries += 1;
          if (deliveries === 1) return 'already-done';
          throw new UnknownPayloadError('lost');
        },
      },
    });
    rig.startDispatcher({ sweepEveryMs: 20, overdueAfterMs: 50 });
    await addMembershipJobs(rig.db, organization, [user]);
    await until(() => deliveries >= 4);
    expect((await jobRows(rig.db, organization)).map((row) => row.status)).toEqual(['dispatched']);
  });

  test('a backlog of one organization flows at once though only some of it may be in flight', async () => {
    const organization = await createOrganization(rig.db);
    const users = await createUsers(rig.db, organization, 100);
    for (const user of users) await addMembershipJobs(rig.db, organization, [user]);
    const dispatcher = rig.startDispatcher({ sweepEveryMs: 3_600_000 });
    rig.startWorkers({
      onJobFinished: (job) => {
        rig.finished.push(job);
        dispatcher.jobFinished(job);
      },
    });
    dispatcher.nudge();
    await until(async () => {
      const rows = await jobRows(rig.db, organization);
      expect(rows.filter((row) => row.status === 'dispatched').length).toBeLessThanOrEqual(16);
      return rows.length === 0;
    });
    await expectNoDrift(rig.db);
  });

  test('while another organization is active a flood has one job in the queue, and its backlog flows all the same', async () => {
    const [flood, neighbour] = [await createOrganization(rig.db), await createOrganization(rig.db)];
    const recent = createRecentActivity();
    // Nobody is forgotten, however long the statements between take.
    const activity: RecentActivity = {
      note: (key) => recent.note(key, 0),
      hasOthers: (key) => recent.hasOthers(key, 0),
      hasSeveral: () => recent.hasSeveral(0),
    };
    const dispatcher = rig.startDispatcher({ sweepEveryMs: 3_600_000, activity });
    const dispatched = async () =>
      (await jobRows(rig.db, flood)).filter((row) => row.status === 'dispatched').map(({ id }) => id);
    // Both have been seen by this dispatcher; whoever works is another process, so nothing is finished meanwhile.
    for (const organization of [neighbour, flood]) {
      await addMembershipJobs(rig.db, organization, await createUsers(rig.db, organization, 1));
      dispatcher.nudge();
      await until(async () => (await jobRows(rig.db, organization)).every((row) => row.status === 'dispatched'));
    }
    const [first] = await dispatched();
    for (const user of await createUsers(rig.db, flood, 40)) await addMembershipJobs(rig.db, flood, [user]);
    const third = await createOrganization(rig.db);
    await addMembershipJobs(rig.db, third, await createUsers(rig.db, third, 1));
    dispatcher.nudge();
    await until(async () => (await jobRows(rig.db, third)).every((row) => row.status === 'dispatched'));
    expect(await dispatched()).toEqual([first]);
    rig.startWorkers({
      onJobFinished: (job) => {
        if (job.alongside !== true) dispatcher.jobFinished(job);
      },
    });
    await untilQuiet(rig.db);
    await expectNoDrift(rig.db);
  });

  test('a walk is handed over when its worker shuts down, and goes on where it was', async () => {
    const organization = await createOrganization(rig.db);
    await createUsers(rig.db, organization, 400);
    await requestResync(rig.db, organization, cause);
    rig.startDispatcher();
    const inSmallSteps = { runners: { 'workspace-mapping': (run: JobRun) => runMappingJob(run, 10) } };
    const first = rig.startWorkers(inSmallSteps);
    await until(async () => ((await jobRows(rig.db, organization))[0]?.progress?.done ?? 0) > 0);
    await first.close(5_000);
    expect(rig.finished.map((job) => job.outcome)).toEqual(['interrupted']);
    const [left] = await jobRows(rig.db, organization);
    expect(left?.progress?.done).toBeLessThan(400);

    rig.startWorkers(inSmallSteps);
    await untilQuiet(rig.db);
    await until(() => rig.finished.length === 2);

    await expectNoDrift(rig.db);
    expect((await entries(rig.db, organization)).filter((entry) => entry.resourceType === 'User')).toHaveLength(400);
  });

  test('after every connection to Postgres was cut, jobs flow again without a restart', async () => {
    const { organization, user } = await newMember();
    rig.startWorkers();
    const dispatcher = rig.startDispatcher({ sweepEveryMs: 100 });
    await addMembershipJobs(rig.db, organization, [user]);
    await untilQuiet(rig.db);
    await rig.db.query(sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
    await rig.db.query(sql`UPDATE users SET role = NULL WHERE id = ${user}`);
    await addMembershipJobs(rig.db, organization, [user]);
    dispatcher.nudge();
    await untilQuiet(rig.db, 15_000);
    await expectNoDrift(rig.db);
  });

  test('a failing job is tried again and counts its attempts', async () => {
    const { organization, user } = await newMember();
    let calls = 0;
    rig.startWorkers({
      runners: {
        'group-membership': async (run) => {
          calls += 1;
          if (calls > 1) return runMembershipJob(run);
          run.onLocked(await lockedRow(run.job.id, organization));
          throw new Error('secret detail');
        },
      },
    });
    rig.startDispatcher();
    await addMembershipJobs(rig.db, organization, [user]);
    await until(async () => (await jobRows(rig.db, organization))[0]?.attempts === 1);
    expect((await jobRows(rig.db, organization))[0]?.error).not.toContain('secret');
    await untilQuiet(rig.db);
    expect(await entries(rig.db, organization)).toMatchObject([{ status: 'SUCCESS', attempt: 2 }]);
  });

  test('a hopeless job fails at once with one FAILED entry, and a replay works it again', async () => {
    const { organization, user } = await newMember();
    const [job] = await addMembershipJobs(rig.db, organization, [user]);
    await rig.db.query(sql`UPDATE sync_jobs SET payload = '{"userIds": []}' WHERE id = ${job?.id ?? ''}`);
    rig.startWorkers();
    const dispatcher = rig.startDispatcher();
    await until(async () => (await jobRows(rig.db, organization))[0]?.status === 'failed');
    expect(await entries(rig.db, organization)).toMatchObject([
      { action: 'SYNC_ACCESS', status: 'FAILED', resourceType: 'Job', jobId: job?.id, attempt: 1 },
    ]);
    const { bullmq } = rig.backend.queues['group-membership'];
    await until(async () => (await bullmq.getJobState(job?.id ?? '')) === 'failed');

    await rig.db.query(sql`
      UPDATE sync_jobs SET payload = jsonb_build_object('userIds', jsonb_build_array(${user}::text)) WHERE id = ${job?.id ?? ''}`);
    const options = { dryRun: false, cause };
    const replayed = await Promise.all([
      replayJobs(rig.db, { organizationId: organization }, options),
      replayJobs(rig.db, { organizationId: organization }, options),
    ]);
    expect(replayed.map((result) => result.replayed).sort()).toEqual([0, 1]);
    dispatcher.nudge();
    await untilQuiet(rig.db);

    expect(await grantsOf(rig.db, organization, user)).toEqual(['Alpha:directory']);
    expect((await entries(rig.db, organization)).filter((entry) => entry.action === 'SYNC_ACCESS')).toMatchObject([
      { status: 'FAILED', attempt: 1 },
      { status: 'SUCCESS', attempt: 2 },
    ]);
  });

  test('while directory sync is off a job ends as SKIPPED, saying why, and changes nothing', async () => {
    const { organization, user } = await newMember();
    await rig.db.query(sql`UPDATE organizations SET provisioning_mode = 'manual' WHERE id = ${organization}`);
    await addMembershipJobs(rig.db, organization, [user]);
    rig.startWorkers();
    rig.startDispatcher();
    await untilQuiet(rig.db);
    expect(await grantsOf(rig.db, organization, user)).toEqual([]);
    const [entry, ...others] = await entries(rig.db, organization);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ status: 'SKIPPED', resourceType: 'Job', requestId: 'test' });
    expect(entry?.message).toContain('provisioning mode is not SCIM');
  });

  async function lockedRow(id: string, organizationId: string) {
    const row = await rig.db.transaction((tx) => lockJob(tx, { id, organizationId }));
    if (row === undefined) throw new Error('the row is gone');
    return row;
  }
});
