import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import type { JobReference } from '../../src/queue/job-queue.ts';
import { runMembershipJob } from '../../src/queue/membership-job.ts';
import { deleteJob } from '../../src/jobs/finish.ts';
import { lockJob } from '../../src/jobs/lock.ts';
import { inFlightPerOrganization } from '../../src/queue/settings.ts';
import {
  addMembershipJobs,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  createGroup,
  entries,
  grantsOf,
  jobRows,
  mapGroup,
} from '../access/fixtures.ts';
import { createRig, engines, until, type Rig } from './harness.ts';

const quick = { sweepEveryMs: 20, overdueAfterMs: 50 };

/** What a newer version may have added, as this one meets it while both are in service. */
describe.each(engines)('on $engine, of a newer version', ({ engine, skip }) => {
  let rig: Rig;
  let organization: string;
  beforeEach(async (context) => {
    if (skip) context.skip();
    rig = await createRig(engine);
    organization = await createOrganization(rig.db);
  });
  afterEach(() => rig.close());

  async function addRow(queue: string, payload: object, status = 'pending'): Promise<string> {
    const id = newId();
    await rig.db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload, status, dispatched_at)
      VALUES (${id}, ${organization}, ${queue}, ${JSON.stringify(payload)}::jsonb, ${status},
        CASE ${status} WHEN 'dispatched' THEN now() - interval '1 hour' END)`);
    return id;
  }
  const rowOf = async (id: string) => (await jobRows(rig.db, organization)).find((row) => row.id === id);

  test.each([
    ['group-membership', { kind: 'guests', userIds: [newId()] }],
    ['group-membership', { guestIds: [newId()] }],
    ['workspace-mapping', { scope: 'tenant', tenantId: newId() }],
  ])('a job in %s of an unknown kind, %o, waits: neither failed nor dropped nor counted', async (queue, payload) => {
    rig.startWorkers();
    rig.startDispatcher(quick);
    const id = await addRow(queue, payload);
    // Delivered again and again, because a worker that knows it may have come.
    await until(() => rig.finished.filter(({ outcome }) => outcome === 'waits-for-newer-version').length >= 3);
    expect(await rowOf(id)).toMatchObject({ status: 'dispatched', attempts: 0, payload });
    expect((await rowOf(id))?.error).toMatch(/^A newer version of the service added this job/);
    expect(await entries(rig.db, organization)).toEqual([]);
  });

  test('more such jobs than an organization may have in flight do not keep the others waiting', async () => {
    for (let n = 0; n < 2 * inFlightPerOrganization; n += 1) await addRow('group-membership', { kind: 'guests' });
    const user = await createUser(rig.db, organization);
    const [job] = await addMembershipJobs(rig.db, organization, [user]);
    rig.startWorkers();
    rig.startDispatcher(quick);
    await until(async () => (await rowOf(job?.id ?? '')) === undefined);
    expect(await jobRows(rig.db, organization)).toHaveLength(2 * inFlightPerOrganization);
    expect(await entries(rig.db, organization)).toMatchObject([{ jobId: job?.id, status: 'SUCCESS' }]);
  });

  test('a job waits until a worker comes that knows it, and is then done once', async () => {
    rig.startWorkers();
    rig.startDispatcher(quick);
    const ids = [
      await addRow('group-membership', { kind: 'guests' }),
      await addRow('group-membership', { kind: 'guests' }),
    ];
    await until(() => rig.finished.length >= 4);
    const done: string[] = [];
    rig.startWorkers({
      runners: {
        'group-membership': (run) =>
          run.db.transaction(async (tx) => {
            const row = await lockJob(tx, run.job);
            if (row === undefined) return 'already-done';
            await tx.query(deleteJob(row));
            done.push(row.id);
            return 'applied';
          }),
      },
    });
    await until(async () => (await jobRows(rig.db, organization)).length === 0);
    expect(done.sort()).toEqual(ids.sort());
  });

  test('rows of a queue that this version does not have stay as they are, and disturb nobody', async () => {
    const pending = await addRow('guest-access', { guestIds: [newId()] });
    const dispatched = await addRow('guest-access', { guestIds: [newId()] }, 'dispatched');
    for (let n = 0; n < inFlightPerOrganization; n += 1) await addRow('guest-access', {}, 'dispatched');
    const before = await rig.db.query(sql`SELECT * FROM sync_jobs WHERE queue = 'guest-access' ORDER BY id`);
    const users = await createUsers(rig.db, organization, 5);
    rig.startWorkers();
    rig.startDispatcher(quick);
    for (const user of users) {
      const [job] = await addMembershipJobs(rig.db, organization, [user]);
      await until(async () => (await rowOf(job?.id ?? '')) === undefined);
    }
    expect(await rig.db.query(sql`SELECT * FROM sync_jobs WHERE queue = 'guest-access' ORDER BY id`)).toEqual(before);
    expect(await rowOf(pending)).toMatchObject({ status: 'pending' });
    expect(await rowOf(dispatched)).toMatchObject({ status: 'dispatched', attempts: 0 });
  });

  test('fields that a payload has gained are passed over', async () => {
    const user = await createUser(rig.db, organization);
    const group = await createGroup(rig.db, organization, 'A', [user]);
    await mapGroup(rig.db, organization, group, {
      workspaceIds: [await createWorkspace(rig.db, organization, 'Alpha')],
    });
    await addRow('group-membership', { userIds: [user], because: 'of next year', priority: 3 });
    await addRow('workspace-mapping', { scope: 'organization', reason: 'Test', hints: { pageSize: 5 } });
    rig.startWorkers();
    rig.startDispatcher(quick);
    await until(async () => (await jobRows(rig.db, organization)).length === 0);
    expect(await grantsOf(rig.db, organization, user)).toEqual(['Alpha:directory']);
  });

  test.each([
    ['of another name', 'guests', (job: JobReference) => ({ ...job, shard: 7 })],
    ['that does not name its row as this version does', 'guests', (job: JobReference) => ({ row: job.id })],
  ])('a BullMQ job %s loses nothing: its row is worked', async (_what, name, dataOf) => {
    const user = await createUser(rig.db, organization);
    const [job] = await addMembershipJobs(rig.db, organization, [user]);
    if (job === undefined) throw new Error('a job was added');
    await rig.db.query(sql`UPDATE sync_jobs SET status = 'dispatched', dispatched_at = now() WHERE id = ${job.id}`);
    await rig.backend.queues['group-membership'].bullmq.add(name, dataOf(job) as unknown as JobReference, {
      jobId: job.id,
    });
    rig.startWorkers({ runners: { 'group-membership': runMembershipJob } });
    rig.startDispatcher(quick);
    await until(async () => (await jobRows(rig.db, organization)).length === 0);
    expect(await entries(rig.db, organization)).toMatchObject([{ status: 'SUCCESS', attempt: 1 }]);
  });
});
