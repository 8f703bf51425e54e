import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockJob } from '../../src/jobs/lock.ts';
import { lockOrganization } from '../../src/provisioning/lock-organization.ts';
import {
  addMembershipJobs,
  createOrganization,
  createUsers,
  entries,
  waitForBlocked,
  workJob,
} from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function organizationWithJobs(count: number) {
  const organizationId = await createOrganization(db);
  const users = await createUsers(db, organizationId, count);
  const jobs = [];
  for (const user of users) jobs.push(...(await addMembershipJobs(db, organizationId, [user])));
  return { organizationId, jobs };
}

const leaveScim = (organizationId: string) =>
  db.transaction(async (tx) => {
    await lockOrganization(tx, organizationId);
    await tx.query(sql`UPDATE organizations SET provisioning_mode = 'manual' WHERE id = ${organizationId}`);
  });

test('workers of one organization work side by side', async () => {
  const { jobs } = await organizationWithJobs(2);
  const [first, second] = jobs;
  if (first === undefined || second === undefined) throw new Error('two jobs were added');
  await db.transaction(async (tx) => {
    await lockJob(tx, first);
    expect(await workJob(db, second)).toBe('applied');
  });
});

test('a change of settings waits for the job at work, and jobs that come later wait for the change', async () => {
  const { organizationId, jobs } = await organizationWithJobs(3);
  const [atWork, ...later] = jobs;
  if (atWork === undefined) throw new Error('jobs were added');
  const order: string[] = [];
  let left: Promise<unknown> = Promise.resolve();
  let others: Promise<unknown>[] = [];
  await db.transaction(async (tx) => {
    await lockJob(tx, atWork);
    left = leaveScim(organizationId).then(() => order.push('left'));
    await waitForBlocked(db, 1);
    others = later.map((job) => workJob(db, job).then((result) => order.push(result)));
    await waitForBlocked(db, 3);
    order.push('at work');
  });
  await Promise.all([left, ...others]);
  expect(order).toEqual(['at work', 'left', 'skipped', 'skipped']);
  expect((await entries(db, organizationId)).map((entry) => entry.status)).toEqual(['SKIPPED', 'SKIPPED']);
});

test('the gate of one organization does not hold up another', async () => {
  const [ours, theirs] = [await organizationWithJobs(1), await organizationWithJobs(1)];
  const [job] = theirs.jobs;
  if (job === undefined) throw new Error('a job was added');
  await db.transaction(async (tx) => {
    await lockOrganization(tx, ours.organizationId);
    expect(await workJob(db, job)).toBe('applied');
  });
});
