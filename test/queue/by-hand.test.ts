import { once } from 'node:events';
import express from 'express';
import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replayJobs } from '../../src/jobs/replay.ts';
import { bullBoardRouter } from '../../src/queue/bull-board.ts';
import type { JobReference } from '../../src/queue/job-queue.ts';
import { addMembershipJobs, cause, createOrganization, createUsers, entries, jobRows } from '../access/fixtures.ts';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createRig, engines, until, type Rig } from './harness.ts';

const quick = { sweepEveryMs: 50, overdueAfterMs: 300 };
const jobCount = 6;

interface Board {
  /** @returns the status of the answer */
  (method: string, path: string, body?: unknown): Promise<number>;
}

interface Scene {
  board: Board;
  jobs: JobReference[];
  rig: Rig;
}

/** What an operator does in bull-board while jobs wait, by its own API. */
const deeds: { name: string; deed: (scene: Scene) => Promise<unknown>; delivered?: number }[] = [
  {
    name: 'removes one job',
    deed: ({ board, jobs }) => board('PUT', `/${jobs[0]?.id ?? ''}/clean`),
  },
  { name: 'empties the queue', deed: ({ board }) => board('PUT', '/empty') },
  {
    name: 'obliterates the queue',
    async deed({ board }) {
      await board('PUT', '/pause');
      await board('PUT', '/obliterate', { force: true });
      await board('PUT', '/resume');
    },
  },
  {
    name: 'pauses the queue, longer than a job takes to be overdue, and resumes it',
    async deed({ board, rig, jobs }) {
      await board('PUT', '/pause');
      rig.startWorkers();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(rig.finished).toEqual([]);
      expect(await jobRows(rig.db, jobs[0]?.organizationId ?? '')).toHaveLength(jobCount);
      await board('PUT', '/resume');
    },
  },
  {
    name: 'adds every job twice more',
    delivered: 3 * jobCount,
    async deed({ board, jobs }) {
      for (const data of [...jobs, ...jobs])
        await board('POST', '/add', { name: 'group-membership', data, options: {} });
    },
  },
  {
    name: 'edits what a job refers to',
    delivered: jobCount,
    async deed({ board, jobs }) {
      await board('PATCH', `/${jobs[0]?.id ?? ''}/update-data`, { jobData: { id: 'nonsense' } });
    },
  },
  {
    name: 'puts a job off until tomorrow',
    async deed({ rig, jobs }) {
      // The page only reschedules jobs that are delayed already; the effect of both is this.
      const { bullmq } = rig.backend.queues['group-membership'];
      const [job] = jobs;
      await bullmq.remove(job?.id ?? '');
      await bullmq.add('group-membership', job as JobReference, { jobId: job?.id ?? '', delay: 86_400_000 });
    },
  },
];

describe.each(engines)('on $engine, when somebody in bull-board', ({ engine, skip }) => {
  let rig: Rig;
  beforeEach(async (context) => {
    if (skip) context.skip();
    rig = await createRig(engine);
  });
  afterEach(() => rig.close());

  test.each(deeds)(
    '$name, everything is applied all the same, and logged once',
    async ({ deed, delivered }) => {
      const { db } = rig;
      const organization = await createOrganization(db);
      const users = await createUsers(db, organization, jobCount);
      const dispatcher = rig.startDispatcher(quick);
      const jobs: JobReference[] = [];
      for (const user of users) jobs.push(...(await addMembershipJobs(db, organization, [user])));
      dispatcher.nudge();
      const { bullmq } = rig.backend.queues['group-membership'];
      await until(async () => (await bullmq.getWaitingCount()) === jobCount);

      await withBoard(rig, (board) => deed({ board, jobs, rig }));
      rig.startWorkers();
      await untilQuiet(db);
      if (delivered !== undefined) await until(() => rig.finished.length >= delivered);

      await expectNoDrift(db);
      expect(await jobRows(db, organization)).toEqual([]);
      expect((await entries(db, organization)).map((entry) => entry.status)).toEqual(users.map(() => 'SUCCESS'));
    },
    30_000,
  );

  test('retries all failed jobs, that is a replay: the same state and the same entries, pressed twice or once', async () => {
    const { db } = rig;
    const organization = await createOrganization(db);
    const users = await createUsers(db, organization, jobCount);
    const jobs: JobReference[] = [];
    for (const user of users) jobs.push(...(await addMembershipJobs(db, organization, [user])));
    await db.query(sql`UPDATE sync_jobs SET payload = '{"userIds": []}'`);
    // Only now: a sweep that came earlier would take jobs that still can be done.
    const dispatcher = rig.startDispatcher(quick);
    rig.startWorkers();
    await until(async () => (await jobRows(db, organization)).every((row) => row.status === 'failed'));
    const { bullmq } = rig.backend.queues['group-membership'];
    await until(async () => (await bullmq.getFailedCount()) === jobCount);
    // What bull-board shows is what the log says.
    expect((await bullmq.getJob(jobs[0]?.id ?? ''))?.failedReason).toMatch(/An admin must act\. Update the workers/);

    for (const [index, user] of users.entries()) {
      await db.query(sql`
        UPDATE sync_jobs SET payload = jsonb_build_object('userIds', jsonb_build_array(${user}::text))
        WHERE id = ${jobs[index]?.id ?? ''}`);
    }
    await withBoard(rig, async (board) => {
      expect(await Promise.all([board('PUT', '/retry/failed'), board('PUT', '/retry/failed')])).toEqual([200, 200]);
    });
    dispatcher.nudge();
    await untilQuiet(db);

    await expectNoDrift(db);
    const log = await entries(db, organization);
    expect(log.filter((entry) => entry.action === 'REPLAY_JOBS')).toMatchObject([
      { status: 'SUCCESS', requestId: cause.requestId, details: { jobs: jobCount } },
    ]);
    expect(log.filter((entry) => entry.status === 'FAILED')).toHaveLength(jobCount);
    expect(log.filter((entry) => entry.action === 'SYNC_ACCESS' && entry.status === 'SUCCESS')).toHaveLength(jobCount);
  }, 30_000);
});

async function withBoard(rig: Rig, use: (board: Board) => Promise<unknown>): Promise<void> {
  const router = bullBoardRouter({
    queues: [{ name: 'group-membership', queue: rig.backend.queues['group-membership'].bullmq }],
    basePath: '/queues',
    replay: async (filter) => (await replayJobs(rig.db, filter, { dryRun: false, cause })).replayed,
  });
  const server = express().use('/queues', router).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const base = `http://127.0.0.1:${address.port}/queues/api/queues/group-membership`;
    await use(async (method, path, body) => {
      const answer = await fetch(`${base}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer.status;
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
