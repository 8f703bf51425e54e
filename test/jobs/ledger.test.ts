import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addJob } from '../../src/jobs/add.ts';
import { claimOverdue, claimPending, releaseClaims, type ClaimedJob } from '../../src/jobs/claim.ts';
import { failJob, recordFailedAttempt } from '../../src/jobs/fail.ts';
import type { QueueName } from '../../src/jobs/job.ts';
import { readLedgerState } from '../../src/jobs/ledger-state.ts';
import { getJob, listJobs } from '../../src/jobs/list.ts';
import { failureOfKind, type FailureCode } from '../../src/jobs/failure.ts';
import { replayJobs, replayProgress } from '../../src/jobs/replay.ts';
import { newId } from '../../src/platform/ids.ts';
import { addMembershipJobs, cause, createOrganization, createUsers, entries, jobRows } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const broken = { ...failureOfKind('unexpected'), problem: 'Broken.' };
const busy = failureOfKind('database-busy');

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(() => db.query(sql`DELETE FROM organizations`));

async function addJobs(
  organizationId: string,
  count: number,
  queue: QueueName = 'group-membership',
): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    ids.push(
      await addJob(
        db,
        queue === 'group-membership'
          ? { organizationId, requestId: null, queue, payload: { userIds: [newId()] } }
          : { organizationId, requestId: null, queue, payload: { scope: 'organization', reason: 'test' } },
      ),
    );
  }
  return ids;
}
const claim = (inFlightPerOrganization: number, total = 1_000) => claimPending(db, { inFlightPerOrganization, total });

describe('a claim', () => {
  test('takes the oldest of each organization, organizations in turns, no more in flight than allowed', async () => {
    const [large, small] = [await createOrganization(db), await createOrganization(db)];
    const many = await addJobs(large, 10);
    const few = await addJobs(small, 2);
    const first = await claim(4);
    expect(first.map((job) => job.id)).toEqual([many[0], few[0], many[1], few[1], many[2], many[3]]);
    expect(await claim(4)).toEqual([]);

    await db.query(sql`DELETE FROM sync_jobs WHERE id = ANY (${many.slice(0, 3)}::uuid[])`);
    expect((await claim(4)).map((job) => job.id)).toEqual(many.slice(4, 7));
  });

  test('is bounded in all, and the bound is shared fairly', async () => {
    const organizations = await Promise.all([1, 2, 3].map(() => createOrganization(db)));
    for (const organization of organizations) await addJobs(organization, 5);
    const claimed = await claim(16, 6);
    const perOrganization = organizations.map((id) => claimed.filter((job) => job.organizationId === id).length);
    expect(perOrganization).toEqual([2, 2, 2]);
  });

  test('by several at once gives each job to one of them', async () => {
    const organizations = await Promise.all([1, 2, 3, 4].map(() => createOrganization(db)));
    for (const organization of organizations) await addJobs(organization, 25);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(1_000, 40)));
    const ids = claims.flat().map((job) => job.id);
    expect(new Set(ids).size).toBe(ids.length);
    const rest = (await claim(1_000)).map((job) => job.id);
    expect(new Set([...ids, ...rest]).size).toBe(100);
  });

  test('leaves failed jobs alone', async () => {
    const organizationId = await createOrganization(db);
    const [id = ''] = await addJobs(organizationId, 1);
    await failJob(db, { id, organizationId, attempts: 0 }, broken);
    expect(await claim(10)).toEqual([]);
  });

  test('that is given back is pending again, as if it had never been claimed', async () => {
    const organizationId = await createOrganization(db);
    await addJobs(organizationId, 2);
    const claimed = await claim(10);
    expect(claimed.map((job) => job.previouslyDispatchedAt)).toEqual([null, null]);
    await releaseClaims(db, claimed);
    const untimed = (jobs: ClaimedJob[]) => jobs.map((job) => ({ ...job, waitedMs: 0 }));
    expect(untimed(await claim(10))).toEqual(untimed(claimed));
  });

  test('of a row that commits after younger ones were claimed is not missed', async () => {
    const organizationId = await createOrganization(db);
    let older = '';
    let younger: string[] = [];
    await db.transaction(async (tx) => {
      older = await addJob(tx, {
        organizationId,
        requestId: null,
        queue: 'group-membership',
        payload: { userIds: [newId()] },
      });
      younger = await addJobs(organizationId, 1);
      expect((await claim(10)).map((job) => job.id)).toEqual(younger);
    });
    expect((await claim(10)).map((job) => job.id)).toEqual([older]);
  });
});

test('an overdue job is handed to one asker, and comes up again only after the same time', async () => {
  const organizationId = await createOrganization(db);
  const [id = ''] = await addJobs(organizationId, 2);
  await claim(10);
  await db.query(sql`UPDATE sync_jobs SET dispatched_at = clock_timestamp() - interval '1 minute' WHERE id = ${id}`);
  const limits = { olderThanMs: 10_000, total: 100 };
  const asked = await Promise.all([claimOverdue(db, limits), claimOverdue(db, limits)]);
  expect(asked.flat().map((job) => job.id)).toEqual([id]);
  expect(await claimOverdue(db, limits)).toEqual([]);
});

describe('a failure', () => {
  test('is counted once, however often the same attempt is reported', async () => {
    const organizationId = await createOrganization(db);
    const [id = ''] = await addJobs(organizationId, 1);
    const first = { id, organizationId, attempts: 0 };
    await recordFailedAttempt(db, first, { ...busy, problem: 'Once.' });
    await recordFailedAttempt(db, first, { ...busy, problem: 'Twice.' });
    expect(await jobRows(db, organizationId)).toMatchObject([{ attempts: 1, error: 'Once.', status: 'pending' }]);
    await Promise.all([failJob(db, { ...first, attempts: 1 }, broken), failJob(db, { ...first, attempts: 1 }, broken)]);
    expect(await jobRows(db, organizationId)).toMatchObject([{ attempts: 2, error: 'Broken.', status: 'failed' }]);
    expect(await entries(db, organizationId)).toMatchObject([
      {
        status: 'FAILED',
        attempt: 2,
        jobId: id,
        message: expect.stringMatching(
          /^Broken\. An admin must act\. .* Until then access is as it was before\.$/,
        ) as string,
        details: { failure: { code: 'unexpected', class: 'admin', advice: broken.advice } },
      },
    ]);
  });

  test('of a job that is gone leaves nothing', async () => {
    const organizationId = await createOrganization(db);
    await failJob(db, { id: newId(), organizationId, attempts: 0 }, broken);
    expect(await entries(db, organizationId)).toEqual([]);
  });
});

describe('the list of jobs', () => {
  test('is newest first, in pages, filtered by organization, status and queue', async () => {
    const [ours, theirs] = [await createOrganization(db), await createOrganization(db)];
    const ids = await addJobs(ours, 5);
    const [walk = ''] = await addJobs(ours, 1, 'workspace-mapping');
    const foreign = await addJobs(theirs, 1);
    await failJob(db, { id: ids[0] ?? '', organizationId: ours, attempts: 0 }, broken);

    const first = await listJobs(db, { organizationId: ours, limit: 4 });
    expect(first.items.map((job) => job.id)).toEqual([walk, ids[4], ids[3], ids[2]]);
    const second = await listJobs(db, { organizationId: ours, limit: 4, cursor: first.nextCursor ?? undefined });
    expect(second.items.map((job) => job.id)).toEqual([ids[1], ids[0]]);
    expect(second.nextCursor).toBeNull();

    const idsOf = async (query: Parameters<typeof listJobs>[1]) =>
      (await listJobs(db, query)).items.map((job) => job.id);
    expect(await idsOf({ limit: 50 })).toEqual([...foreign, walk, ...ids.toReversed()]);
    expect(await idsOf({ organizationId: ours, status: 'failed', limit: 50 })).toEqual([ids[0]]);
    expect(await idsOf({ organizationId: ours, failureClass: 'admin', limit: 50 })).toEqual([ids[0]]);
    expect(await idsOf({ organizationId: ours, failureClass: 'retry', limit: 50 })).toEqual([]);
    expect(await getJob(db, ours, ids[0] ?? '')).toMatchObject({
      error: 'Broken.',
      failure: { code: 'unexpected', class: 'admin', advice: broken.advice },
    });
    expect(await idsOf({ organizationId: ours, queue: 'workspace-mapping', limit: 50 })).toEqual([walk]);
    await expect(listJobs(db, { limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid-cursor' });
  });

  test('gives one job of the organization, and no other', async () => {
    const [ours, theirs] = [await createOrganization(db), await createOrganization(db)];
    const [id = ''] = await addJobs(ours, 1);
    expect(await getJob(db, ours, id)).toMatchObject({
      id,
      status: 'pending',
      attempts: 0,
      progress: null,
      failure: null,
    });
    for (const [organizationId, jobId] of [
      [theirs, id],
      [ours, newId()],
      [ours, 'nothing'],
    ] as const) {
      await expect(getJob(db, organizationId, jobId)).rejects.toMatchObject({ code: 'job-not-found' });
    }
  });

  test('knows how old the oldest unfinished job is', async () => {
    expect(await readLedgerState(db)).toEqual({
      oldestUnfinishedAgeSeconds: 0,
      oldestPendingAgeSeconds: 0,
      failed: { retry: 0, admin: 0, 'identity-provider': 0, unclassified: 0 },
    });
    const organizationId = await createOrganization(db);
    const [waiting = '', failed = ''] = await addJobs(organizationId, 2);
    await db.query(sql`UPDATE sync_jobs SET created_at = clock_timestamp() - interval '2 hours' WHERE id = ${failed}`);
    await failJob(db, { id: failed, organizationId, attempts: 0 }, broken);
    await db.query(sql`UPDATE sync_jobs SET created_at = clock_timestamp() - interval '1 hour' WHERE id = ${waiting}`);
    expect(Math.round((await readLedgerState(db)).oldestUnfinishedAgeSeconds / 60)).toBe(60);
  });
});

describe('a replay', () => {
  async function failed(
    organizationId: string,
    reason: string,
    queue?: QueueName,
    code: FailureCode = 'database-busy',
  ): Promise<string> {
    const [id = ''] = await addJobs(organizationId, 1, queue);
    await claim(100);
    await failJob(db, { id, organizationId, attempts: 0 }, { ...failureOfKind(code), problem: reason });
    return id;
  }

  test('takes what the filter names and leaves one entry per organization', async () => {
    const [ours, theirs] = [await createOrganization(db), await createOrganization(db)];
    const busy = await failed(ours, 'Too busy.');
    const refused = await failed(ours, 'Refused.', undefined, 'unknown-payload');
    const walk = await failed(ours, 'Too busy.', 'workspace-mapping');
    const foreign = await failed(theirs, 'Too busy.');
    const [pending = ''] = await addJobs(ours, 1);
    const count = async (filter: Parameters<typeof replayJobs>[1]) =>
      (await replayJobs(db, filter, { dryRun: true, cause })).matched;

    expect(await count({})).toBe(4);
    expect(await count({ organizationId: ours })).toBe(3);
    expect(await count({ organizationId: ours, ids: [busy, foreign, pending, 'nothing'] })).toBe(1);
    expect(await count({ queue: 'workspace-mapping' })).toBe(1);
    expect(await count({ reason: 'too BUSY' })).toBe(3);
    expect(await count({ failureClass: 'admin' })).toBe(1);
    expect(await count({ since: new Date(Date.now() + 60_000) })).toBe(0);
    expect(await count({ until: new Date(Date.now() - 60_000) })).toBe(0);
    expect(await count({ until: new Date(Date.now() + 60_000) })).toBe(4);
    expect(await count({ organizationId: 'nothing' })).toBe(0);

    const replayed = await replayJobs(db, { reason: 'busy' }, { dryRun: false, cause });
    expect(replayed).toMatchObject({ matched: 3, replayed: 3, dryRun: false });
    const replayId = replayed.replayId ?? '';
    expect(await replayProgress(db, { replayId })).toEqual({ id: replayId, unfinished: 3, failed: 0 });
    expect((await jobRows(db, ours)).map((row) => [row.id, row.status])).toEqual([
      [busy, 'pending'],
      [refused, 'failed'],
      [walk, 'pending'],
      [pending, 'pending'],
    ]);
    const log = (await entries(db, ours)).filter((entry) => entry.action === 'REPLAY_JOBS');
    expect(log).toMatchObject([
      { status: 'SUCCESS', message: '2 failed jobs are tried again.', details: { jobs: 2, replayId } },
    ]);
    const claimed = (await claim(100)).filter((job) => job.id !== pending);
    expect(claimed.every((job) => job.previouslyDispatchedAt !== null)).toBe(true);

    await failJob(db, { id: walk, organizationId: ours, attempts: 1 }, broken);
    await db.query(sql`DELETE FROM sync_jobs WHERE id = ${busy}`);
    expect(await replayProgress(db, { replayId })).toMatchObject({ unfinished: 1, failed: 1 });
    expect(await replayProgress(db, { replayId, organizationId: theirs })).toMatchObject({ unfinished: 1, failed: 0 });
    expect(await replayProgress(db, { replayId: 'nothing' })).toMatchObject({ unfinished: 0, failed: 0 });
  });

  test('that finds no failed job of the organization says so', async () => {
    const organizationId = await createOrganization(db);
    expect(await replayJobs(db, { organizationId }, { dryRun: false, cause })).toEqual({
      matched: 0,
      replayed: 0,
      dryRun: false,
      replayId: null,
    });
    expect(await entries(db, organizationId)).toMatchObject([{ action: 'REPLAY_JOBS', status: 'SKIPPED' }]);
    expect(await replayJobs(db, { organizationId: newId() }, { dryRun: false, cause })).toMatchObject({ replayed: 0 });
  });
});

test('more than 500 users become several jobs', async () => {
  const organizationId = await createOrganization(db);
  const users = await createUsers(db, organizationId, 1_001);
  const jobs = await addMembershipJobs(db, organizationId, users);
  const sizes = (await jobRows(db, organizationId)).map((row) => (row.payload['userIds'] as string[]).length);
  expect(jobs).toHaveLength(3);
  expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 500, 500]);
});
