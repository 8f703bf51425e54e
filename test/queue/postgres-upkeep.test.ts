import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cleanEndedJobs } from '../../src/queue/clean-ended-jobs.ts';
import { jobQueue, type JobReference } from '../../src/queue/job-queue.ts';
import { retention } from '../../src/queue/settings.ts';
import { newId } from '../../src/platform/ids.ts';
import { createRig, until, type Rig } from './harness.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig('postgres');
});
afterAll(() => rig.close());

const references = (count: number): JobReference[] =>
  Array.from({ length: count }, () => ({ id: newId(), organizationId: newId() }));

/** A job that ended so long ago. */
async function ended(state: 'completed' | 'failed', agoMs: number): Promise<string> {
  const id = newId();
  await rig.db.query(sql`
    INSERT INTO bullmq.job (queue, id, seq, name, state, added_at_ms, finished_at_ms)
    VALUES ('group-membership', ${id}, nextval('bullmq.job_seq'), 'group-membership', ${state}::bullmq.job_state,
      ${Date.now() - agoMs}, ${Date.now() - agoMs})`);
  return id;
}

const states = async (ids: readonly string[]) => {
  const rows = await rig.db.query<{ id: string; state: string }>(sql`
    SELECT id, state::text FROM bullmq.job WHERE queue = 'group-membership' AND id = ANY (${ids})`);
  return ids.map((id) => rows.find((row) => row.id === id)?.state);
};

test('the end of a job leaves those alone that ended before, and cleaning removes those that ended long ago', async () => {
  const hour = 3_600_000;
  const day = 24 * hour;
  const before = [
    await ended('completed', hour),
    await ended('completed', 60_000),
    await ended('failed', day),
    await ended('failed', 8 * day),
  ];
  const [job] = references(1);
  if (job === undefined) throw new Error('one was asked for');
  const { jobs, bullmq } = rig.backend.queues['group-membership'];
  await jobs.add([job]);
  const worker = rig.backend.createWorker('group-membership', () => Promise.resolve('done'), 1);
  await until(async () => (await states([job.id]))[0] === 'completed');
  await worker.close();
  expect(await states(before)).toEqual(['completed', 'completed', 'failed', 'failed']);

  await cleanEndedJobs(bullmq, retention.postgres);
  expect(await states([...before, job.id])).toEqual([undefined, 'completed', 'failed', undefined, 'completed']);
});

test('more than one statement may delete is cleaned at once', async () => {
  const removed = [Array.from({ length: 10_000 }, newId), [newId()], []];
  const clean = vi.fn(() => Promise.resolve(removed.shift() ?? []));
  await cleanEndedJobs({ clean }, { completed: 1, failed: 2 });
  expect(clean.mock.calls).toEqual([
    [1, 10_000, 'completed'],
    [1, 10_000, 'completed'],
    [2, 10_000, 'failed'],
  ]);
});

test.each([
  [1, 'one by one'],
  [8, 'one by one'],
  [9, 'in bulk'],
])('%i jobs are added %s, each once', async (count, how) => {
  const { bullmq } = rig.backend.queues['group-membership'];
  const bulk = vi.spyOn(bullmq, 'addBulk');
  const jobs = references(count);
  try {
    await jobQueue('group-membership', bullmq, { fewAtOnce: 8 }).add(jobs);
    expect(bulk).toHaveBeenCalledTimes(how === 'in bulk' ? 1 : 0);
  } finally {
    bulk.mockRestore();
  }
  expect(await states(jobs.map(({ id }) => id))).toEqual(jobs.map(() => 'waiting'));
});
