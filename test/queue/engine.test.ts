import { once } from 'node:events';
import express from 'express';
import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { startQueueEngine, type QueueEngine } from '../../src/queue/engine.ts';
import type { FinishedJob } from '../../src/queue/workers.ts';
import { addMembershipJobs, cause, createOrganization, createUser, entries, jobRows } from '../access/fixtures.ts';
import { untilQuiet } from '../support/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { engines, silent, until } from './harness.ts';

describe.each(engines)('the engine on $engine', ({ engine, skip }) => {
  let db: TestDatabase;
  const opened: QueueEngine[] = [];
  beforeEach(async (context) => {
    if (skip) context.skip();
    db = await createTestDatabase();
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close(5_000);
    await db.close();
  });

  async function open(roles: { dispatch: boolean; work: boolean }, finished: FinishedJob[] = []): Promise<QueueEngine> {
    const one = await startQueueEngine({
      db,
      databaseUrl: db.url,
      redisUrl: engine === 'redis' ? inject('redisUrl') : null,
      logger: silent,
      roles,
      onJobFinished: (job) => finished.push(job),
    });
    opened.push(one);
    await until(() =>
      one.ping().then(
        () => true,
        () => false,
      ),
    );
    return one;
  }

  async function addJob(): Promise<string> {
    const organization = await createOrganization(db);
    const [job] = await addMembershipJobs(db, organization, [await createUser(db, organization)]);
    return job?.id ?? '';
  }

  test('is two roles: one process dispatches, another one works and tells how its jobs ended', async () => {
    const finished: FinishedJob[] = [];
    const api = await open({ dispatch: true, work: false });
    const job = await addJob();
    api.nudge();
    await until(async () => (await api.depth())['group-membership']['waiting'] === 1);
    expect(job).not.toBe('');

    await open({ dispatch: false, work: true }, finished);
    await untilQuiet(db);
    await until(() => finished.length === 1);

    expect(finished).toEqual([
      {
        organizationId: expect.any(String) as string,
        queue: 'group-membership',
        outcome: 'applied',
        leftNone: true,
        durationMs: expect.any(Number) as number,
      },
    ]);
    await until(async () => (await api.depth())['group-membership']['completed'] === 1);
    expect((await api.depth())['workspace-mapping']).toMatchObject({ waiting: 0, active: 0, failed: 0 });
  });

  test('of another database that shares the Redis neither sees nor takes its jobs', async () => {
    const other = await createTestDatabase();
    const finished: FinishedJob[] = [];
    const foreign = await startQueueEngine({
      db: other,
      databaseUrl: other.url,
      redisUrl: engine === 'redis' ? inject('redisUrl') : null,
      logger: silent,
      roles: { dispatch: true, work: true },
      onJobFinished: (job) => finished.push(job),
    });
    try {
      const api = await open({ dispatch: true, work: false });
      await addJob();
      api.nudge();
      await until(async () => (await api.depth())['group-membership']['waiting'] === 1);
      expect((await foreign.depth())['group-membership']['waiting']).toBe(0);
      await open({ dispatch: true, work: true });
      await untilQuiet(db);
      expect(finished).toEqual([]);
    } finally {
      await foreign.close(5_000);
      await other.close();
    }
  });

  test('shows bull-board with the queues and ids only', async () => {
    const api = await open({ dispatch: true, work: false });
    const job = await addJob();
    api.nudge();
    await until(async () => (await api.depth())['group-membership']['waiting'] === 1);
    await withBoard(api, async (base) => {
      expect((await fetch(base)).status).toBe(200);
      const answer = (await (await fetch(`${base}/api/queues?activeQueue=group-membership&status=waiting`)).json()) as {
        queues: { name: string; jobs: { id: string; data: Record<string, unknown> }[] }[];
      };
      expect(answer.queues.map((queue) => queue.name).sort()).toEqual(['group-membership', 'workspace-mapping']);
      const shown = answer.queues.flatMap((queue) => queue.jobs);
      expect(shown).toMatchObject([{ id: job }]);
      expect(Object.keys(shown[0]?.data ?? {}).sort()).toEqual(['id', 'organizationId']);
    });
  });

  test('works a failed job again that is retried in bull-board', async () => {
    const one = await open({ dispatch: true, work: true });
    const organization = await createOrganization(db);
    const user = await createUser(db, organization);
    const [job] = await addMembershipJobs(db, organization, [user]);
    const id = job?.id ?? '';
    await db.query(sql`UPDATE sync_jobs SET payload = '{"userIds": []}' WHERE id = ${id}`);
    one.nudge();
    await until(async () => (await one.depth())['group-membership']['failed'] === 1);
    expect(await jobRows(db, organization)).toMatchObject([{ status: 'failed' }]);
    await db.query(
      sql`UPDATE sync_jobs SET payload = jsonb_build_object('userIds', jsonb_build_array(${user}::text)) WHERE id = ${id}`,
    );
    await withBoard(one, async (base) => {
      const retried = await fetch(`${base}/api/queues/group-membership/${id}/retry`, { method: 'PUT' });
      expect(retried.status).toBe(204);
    });
    await until(async () => (await jobRows(db, organization)).length === 0);
    // The same that a replay by REST leaves, and with who pressed the button.
    expect(
      (await entries(db, organization)).map(({ action, status, requestId }) => [action, status, requestId]),
    ).toEqual([
      ['SYNC_ACCESS', 'FAILED', 'test'],
      ['REPLAY_JOBS', 'SUCCESS', cause.requestId],
      ['SYNC_ACCESS', 'SUCCESS', 'test'],
    ]);
  });

  async function withBoard(board: QueueEngine, use: (base: string) => Promise<void>): Promise<void> {
    const server = express()
      .use(
        '/queues',
        board.router(() => cause),
      )
      .listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      await use(`http://127.0.0.1:${address.port}/queues`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }
});
