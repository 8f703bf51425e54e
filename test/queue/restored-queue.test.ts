import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { addMembershipJobs, createOrganization, createUsers, entries, jobRows } from '../access/fixtures.ts';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createRig, engines, until, type Rig } from './harness.ts';
import { ownRedis } from './redis-server.ts';

const perPart = 8;
/** Quick looks, so that nobody waits for the ten seconds of production. */
const quick = { sweepEveryMs: 50, overdueAfterMs: 300 };

let rig: Rig | undefined;
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/**
 * A queue goes back to the state of an hour ago: it holds jobs again that have long been done, and has forgotten those
 * that came since. The ledger knows better about both.
 */
async function surviveRestore({ copy, restore }: { copy: () => Promise<unknown>; restore: () => Promise<unknown> }) {
  if (rig === undefined) throw new Error('no rig');
  const { db, backend } = rig;
  const { bullmq } = backend.queues['group-membership'];
  const organization = await createOrganization(db);
  const users = await createUsers(db, organization, 2 * perPart);
  const dispatcher = rig.startDispatcher(quick);

  for (const user of users.slice(0, perPart)) await addMembershipJobs(db, organization, [user]);
  dispatcher.nudge();
  await until(async () => (await bullmq.getWaitingCount()) === perPart);
  await copy();
  const workers = rig.startWorkers();
  await untilQuiet(db);
  await until(() => (rig?.finished.length ?? 0) >= perPart);
  await workers.close(5_000);

  for (const user of users.slice(perPart)) await addMembershipJobs(db, organization, [user]);
  dispatcher.nudge();
  await until(async () => (await jobRows(db, organization)).every((row) => row.status === 'dispatched'));
  await restore();

  rig.startWorkers();
  await untilQuiet(db);
  // The old ones come again and find their rows gone.
  await until(() => (rig?.finished.filter(({ outcome }) => outcome === 'already-done').length ?? 0) >= perPart);
  await expectNoDrift(db);
  expect(await jobRows(db, organization)).toEqual([]);
  const log = await entries(db, organization);
  expect(log.map((entry) => entry.status)).toEqual(users.map(() => 'SUCCESS'));
  expect(new Set(log.map((entry) => entry.resourceId)).size).toBe(users.length);
}

describe.each(['rdb', 'aof'] as const)('a Redis with an %s file', (form) => {
  test.skipIf(engines.some(({ engine, skip }) => engine === 'redis' && skip))(
    'that is restored from an old copy loses nothing, repeats nothing and logs nothing twice',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'rollcall-redis-'));
      const kept = await mkdtemp(join(tmpdir(), 'rollcall-redis-copy-'));
      const redis = await ownRedis({ directory, form });
      cleanUps.push(
        () => rm(directory, { recursive: true }),
        () => rm(kept, { recursive: true }),
        () => redis.kill(),
      );
      await redis.start();
      rig = await createRig('redis', redis.url);
      await surviveRestore({
        async copy() {
          if (form === 'rdb') await save(redis.url);
          await cp(directory, kept, { recursive: true });
        },
        async restore() {
          await redis.kill();
          for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
          await cp(kept, directory, { recursive: true });
          await redis.start();
        },
      });
    },
    30_000,
  );
});

test('queue tables in Postgres that are restored from an old copy lose nothing and repeat nothing', async () => {
  rig = await createRig('postgres');
  const { pool } = rig.db;
  await surviveRestore({
    copy: () => pool.query('CREATE TABLE old_copy AS TABLE bullmq.job'),
    async restore() {
      await pool.query('BEGIN; TRUNCATE bullmq.job CASCADE; INSERT INTO bullmq.job SELECT * FROM old_copy; COMMIT');
    },
  });
}, 30_000);

async function save(url: string): Promise<void> {
  const client = new Redis(url);
  try {
    await client.save();
  } finally {
    client.disconnect();
  }
}
