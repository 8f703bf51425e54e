import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startQueueEngine, type QueueEngine } from '../../src/queue/engine.ts';
import { addMembershipJobs, createOrganization, createUsers, entries, jobRows } from '../access/fixtures.ts';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { quickest } from '../support/quickest.ts';
import { engines, silent, until } from './harness.ts';
import { ownRedis, type OwnRedis } from './redis-server.ts';

// A test environment without Redis may lack its server program too.
describe.skipIf(engines.some(({ engine, skip }) => engine === 'redis' && skip))('when Redis', () => {
  let db: TestDatabase;
  let redis: OwnRedis;
  let engine: QueueEngine | undefined;
  beforeEach(async () => {
    db = await createTestDatabase();
    redis = await ownRedis();
  });
  afterEach(async () => {
    redis.thaw();
    await engine?.close(2_000);
    engine = undefined;
    await redis.kill();
    await db.close();
  });

  async function openEngine(): Promise<QueueEngine> {
    engine = await startQueueEngine({
      db,
      databaseUrl: db.url,
      redisUrl: redis.url,
      logger: silent,
      roles: { dispatch: true, work: true },
    });
    return engine;
  }

  async function addJobs(count: number): Promise<string> {
    const organization = await createOrganization(db);
    for (const user of await createUsers(db, organization, count)) await addMembershipJobs(db, organization, [user]);
    return organization;
  }

  test('is away at the start, the engine opens, rows wait, and are worked once it is there', async () => {
    const { nudge, ping } = await openEngine();
    const organization = await addJobs(3);
    nudge();
    await expect(ping()).rejects.toThrow();
    expect((await jobRows(db, organization)).map((row) => row.status)).toEqual(['pending', 'pending', 'pending']);
    await redis.start();
    await untilQuiet(db);
    await expectNoDrift(db);
  });

  test('is killed and comes back empty, what it held is worked, once', async () => {
    await redis.start();
    const { nudge, ping } = await openEngine();
    await until(() =>
      ping().then(
        () => true,
        () => false,
      ),
    );
    const organization = await addJobs(60);
    nudge();
    await until(async () => (await jobRows(db, organization)).length < 60);
    await redis.kill();
    await redis.start();
    await untilQuiet(db, 25_000);
    await expectNoDrift(db);
    expect((await entries(db, organization)).filter((entry) => entry.status === 'SUCCESS')).toHaveLength(60);
  });

  test('is frozen, nudges return at once, and the rows are worked after the thaw', async () => {
    await redis.start();
    const { nudge, ping } = await openEngine();
    await until(() =>
      ping().then(
        () => true,
        () => false,
      ),
    );
    redis.freeze();
    const organization = await addJobs(5);
    const { ms } = await quickest(100, () => {
      for (let call = 0; call < 1_000; call += 1) nudge();
    });
    expect(ms).toBeLessThan(100);
    await expect(ping()).rejects.toThrow();
    expect(await jobRows(db, organization)).toHaveLength(5);
    redis.thaw();
    await untilQuiet(db);
    await expectNoDrift(db);
    expect(await entries(db, organization)).toHaveLength(5);
  });

  test('is away at the end, closing takes no longer than its deadline', async () => {
    await redis.start();
    const opened = await openEngine();
    await until(() =>
      opened.ping().then(
        () => true,
        () => false,
      ),
    );
    await redis.kill();
    const startedAt = performance.now();
    await opened.close(1_000);
    engine = undefined;
    // Without its deadline it would wait for ever.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
