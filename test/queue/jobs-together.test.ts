import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { claimPending } from '../../src/jobs/claim.ts';
import type { JobReference } from '../../src/queue/job-queue.ts';
import { mostAlongside, mostUsersAlongside } from '../../src/queue/settings.ts';
import {
  addMembershipJobs,
  createGroup,
  createOrganization,
  createUser,
  createUsers,
  createWorkspace,
  entries,
  grantsOf,
  jobRows,
  mapGroup,
  workJob,
} from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let organization: string;
let users: string[];

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  organization = await createOrganization(db);
  users = await createUsers(db, organization, 3);
  const group = await createGroup(db, organization, 'Everybody', users);
  await mapGroup(db, organization, group, { workspaceIds: [await createWorkspace(db, organization, 'Docs')] });
});

/** One job of its own for each list of users, requests `r-1`, `r-2` ... */
async function addJobs(...lists: string[][]): Promise<JobReference[]> {
  const jobs: JobReference[] = [];
  for (const list of lists) {
    jobs.push(...(await addMembershipJobs(db, organization, list, `r-${jobs.length + 1}`)));
  }
  return jobs;
}

const [first = { id: '', organizationId: '' }]: JobReference[] = [];
const workFirst = (jobs: readonly JobReference[], alongside: string[] = []) =>
  workJob(db, jobs[0] ?? first, { onDoneAlongside: (rows) => alongside.push(...rows.map(({ id }) => id)) });

const log = async () =>
  (await entries(db, organization)).map(({ jobId, requestId, resourceId, status, attempt }) => [
    jobId,
    requestId,
    resourceId,
    status,
    attempt,
  ]);

test('jobs that wait are done with the one delivered, each with its own entries', async () => {
  const [a = '', b = '', c = ''] = users;
  const jobs = await addJobs([a], [b], [b, c]);
  const alongside: string[] = [];
  expect(await workFirst(jobs, alongside)).toBe('applied');

  const ids = jobs.map(({ id }) => id);
  expect(alongside).toEqual(ids.slice(1));
  expect(await jobRows(db, organization)).toEqual([]);
  expect(await log()).toEqual([
    [ids[0], 'r-1', a, 'SUCCESS', 1],
    [ids[1], 'r-2', b, 'SUCCESS', 1],
    // As if it had come after the other one, which has done b already.
    [ids[2], 'r-3', b, 'SKIPPED', 1],
    [ids[2], 'r-3', c, 'SUCCESS', 1],
  ]);
  for (const user of users) expect(await grantsOf(db, organization, user)).toEqual(['Docs:directory']);
  const [, , skipped] = await entries(db, organization);
  expect(skipped).toMatchObject({
    message: 'Nothing to do: access already matches groups and mappings.',
    details: { workspacesGranted: [], workspacesRevoked: [], roleBefore: 'viewer', roleAfter: 'viewer' },
  });
});

test.each<[string, (job: JobReference) => Promise<unknown>]>([
  ['was dispatched', ({ id }) => db.query(sql`UPDATE sync_jobs SET status = 'dispatched' WHERE id = ${id}`)],
  ['failed before', ({ id }) => db.query(sql`UPDATE sync_jobs SET attempts = 1 WHERE id = ${id}`)],
  [
    'waits for a newer version',
    ({ id }) => db.query(sql`UPDATE sync_jobs SET failure_code = 'newer-job' WHERE id = ${id}`),
  ],
  ['is of another queue', ({ id }) => db.query(sql`UPDATE sync_jobs SET queue = 'workspace-mapping' WHERE id = ${id}`)],
  ['is not understood', ({ id }) => db.query(sql`UPDATE sync_jobs SET payload = '{"kind":"guests"}' WHERE id = ${id}`)],
])('one that %s is left alone, and the others are done', async (_what, change) => {
  const [a = '', b = '', c = ''] = users;
  const jobs = await addJobs([a], [b], [c]);
  await change(jobs[1] ?? first);
  const alongside: string[] = [];
  expect(await workFirst(jobs, alongside)).toBe('applied');
  expect(alongside).toEqual([jobs[2]?.id]);
  expect((await jobRows(db, organization)).map(({ id }) => id)).toEqual([jobs[1]?.id]);
  expect(await grantsOf(db, organization, b)).toEqual([]);
});

test('one that somebody else is at is not waited for', async () => {
  const [a = '', b = ''] = users;
  const jobs = await addJobs([a], [b]);
  await db.transaction(async (tx) => {
    await tx.query(sql`SELECT 1 FROM sync_jobs WHERE id = ${jobs[1]?.id} FOR UPDATE`);
    expect(await workFirst(jobs)).toBe('applied');
  });
  expect((await jobRows(db, organization)).map(({ id }) => id)).toEqual([jobs[1]?.id]);
});

test('jobs of another organization are not touched', async () => {
  const other = await createOrganization(db);
  await addMembershipJobs(db, other, [await createUser(db, other)]);
  await workFirst(await addJobs([users[0] ?? '']));
  expect(await jobRows(db, other)).toHaveLength(1);
});

test('where they fail together the job is done alone', async () => {
  const [a = '', b = ''] = users;
  const jobs = await addJobs([a], [b]);
  await db.query(sql`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$`);
  await db.query(sql`
    CREATE TRIGGER refuse BEFORE DELETE ON sync_jobs FOR EACH ROW WHEN (OLD.request_id = 'r-2') EXECUTE FUNCTION refuse()`);
  try {
    expect(await workFirst(jobs)).toBe('applied');
    expect((await log()).map(([, requestId]) => requestId)).toEqual(['r-1']);
    expect((await jobRows(db, organization)).map(({ id, status }) => [id, status])).toEqual([[jobs[1]?.id, 'pending']]);
  } finally {
    await db.query(sql`DROP FUNCTION refuse CASCADE`);
  }
});

test.each<[string, number, number, 'none' | 'some' | undefined]>([
  ['alone', 1, 0, 'none'],
  ['with as many as may go along and one less', mostAlongside, 0, 'none'],
  ['with as many as may go along, when nobody knows of more', 1 + mostAlongside, 0, 'some'],
  ['when it is tried again, and takes none along', 1, 1, undefined],
])('a job done %s tells whether others were left waiting', async (_, count, attempts, expected) => {
  const ids = await createUsers(db, organization, count);
  const jobs = await addJobs(...ids.map((id) => [id]));
  await db.query(sql`UPDATE sync_jobs SET attempts = ${attempts} WHERE id = ${jobs[0]?.id}`);
  const left: string[] = [];
  await workJob(db, jobs[0] ?? first, { onLeft: (told) => left.push(told) });
  expect(left).toEqual(expected === undefined ? [] : [expected]);
});

test('a job with more beside it than a transaction takes tells that some are left', async () => {
  const many = await createUsers(db, organization, mostUsersAlongside);
  const jobs = await addJobs([many[0] ?? ''], many.slice(1), many.slice(0, 2));
  const left: string[] = [];
  await workJob(db, jobs[0] ?? first, { onLeft: (told) => left.push(told) });
  expect(left).toEqual(['some']);
});

test('no more are taken than keep the transaction short', async () => {
  const [a = '', ...rest] = await createUsers(db, organization, 2 + mostAlongside + 5);
  const jobs = await addJobs([a], ...rest.map((id) => [id]));
  await workFirst(jobs);
  expect(await jobRows(db, organization)).toHaveLength(jobs.length - 1 - mostAlongside);

  await db.query(sql`DELETE FROM sync_jobs`);
  const many = await createUsers(db, organization, mostUsersAlongside);
  const large = await addJobs([a], many.slice(1), [a, ...many.slice(1)]);
  await workFirst(large);
  expect((await jobRows(db, organization)).map(({ id }) => id)).toEqual([large[2]?.id]);
});

test('of the jobs of one organization few are membership jobs in the queue, so that the rest can be done along with them', async () => {
  const jobs = await addJobs(...Array.from({ length: 6 }, () => [users[0] ?? '']));
  await db.query(sql`UPDATE sync_jobs SET queue = 'workspace-mapping' WHERE id = ${jobs[5]?.id}`);
  const limits = { inFlightPerOrganization: 16, membershipInFlight: 2, total: 100 };
  const claimed = async () =>
    (await claimPending(db, limits)).filter((job) => job.organizationId === organization).map(({ id }) => id);
  expect(await claimed()).toEqual([jobs[0], jobs[1], jobs[5]].map((job) => job?.id));
  expect(await claimed()).toEqual([]);
  // One that failed waits for its next attempt; what came after it does not wait for that.
  await db.query(sql`UPDATE sync_jobs SET attempts = 1 WHERE id = ${jobs[0]?.id}`);
  expect(await claimed()).toEqual([jobs[2]?.id]);
});
