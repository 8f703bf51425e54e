import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { newId } from '../../src/platform/ids.ts';
import { startQueueEngine, type QueueEngine } from '../../src/queue/engine.ts';
import { membershipInFlightPerOrganization } from '../../src/queue/settings.ts';
import { shardOf } from '../../src/queue/shards.ts';
import { openRedisQuotaStore } from '../../src/rate-limit/redis-quota-store.ts';
import {
  addMembers,
  addMembershipJobs,
  createGroup,
  createOrganization,
  createUsers,
  createWorkspace,
  entries,
  mapGroup,
} from '../access/fixtures.ts';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startCluster } from '../support/redis-cluster.ts';
import { silent, until } from './harness.ts';
import { startSentinels } from './redis-sentinels.ts';

// A Sentinel whose timer was late by two seconds does nothing for thirty.
vi.setConfig({ testTimeout: 120_000 });

const usersEach = 20;

let db: TestDatabase;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async (context) => {
  if (inject('redisUrl') === null) context.skip();
  db = await createTestDatabase(20);
  closers.push(() => db.close());
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openEngine(redisUrl: string, queueShards: number, work = true): Promise<QueueEngine> {
  const engine = await startQueueEngine({
    db,
    databaseUrl: db.url,
    redisUrl,
    queueShards,
    redisPrefix: '{topology}',
    logger: silent,
    roles: { dispatch: true, work },
  });
  closers.push(() => engine.close(2_000));
  return engine;
}

/** Organizations whose users are in a group that is mapped, each change with its job, as the ingress leaves them. */
async function addWork(organizations: number): Promise<string[]> {
  const added: string[] = [];
  for (let index = 0; index < organizations; index += 1) {
    const organizationId = await createOrganization(db);
    const users = await createUsers(db, organizationId, usersEach);
    const group = await createGroup(db, organizationId, 'Everybody');
    await addMembers(db, organizationId, group, users);
    await mapGroup(db, organizationId, group, { workspaceIds: [await createWorkspace(db, organizationId, 'Docs')] });
    for (const user of users) await addMembershipJobs(db, organizationId, [user]);
    added.push(organizationId);
  }
  return added;
}

async function expectOneEntryEach(organizations: readonly string[]): Promise<void> {
  await untilQuiet(db, 40_000);
  await expectNoDrift(db);
  for (const organizationId of organizations) {
    const applied = (await entries(db, organizationId)).filter(({ action }) => action === 'SYNC_ACCESS');
    expect(applied).toHaveLength(usersEach);
  }
}

describe('on a Redis Cluster of three nodes', () => {
  test('shards are queues on different nodes; a node that is killed and comes back empty loses nobody’s change', async () => {
    const cluster = await startCluster();
    closers.push(() => cluster.stop());
    const engine = await openEngine(cluster.url, 6);
    await until(() =>
      engine.ping().then(
        () => true,
        () => false,
      ),
    );

    const first = await addWork(8);
    engine.nudge();
    await expectOneEntryEach(first);
    const keys = await Promise.all(cluster.nodes.map(({ client }) => client.dbsize()));
    expect(keys.filter((count) => count > 0).length).toBeGreaterThan(1);

    const second = await addWork(8);
    engine.nudge();
    const [, victim] = cluster.nodes;
    await victim?.kill();
    await victim?.start();
    engine.nudge();
    await expectOneEntryEach(second);
  });

  test('rate limits share their buckets there', async () => {
    const cluster = await startCluster();
    closers.push(() => cluster.stop());
    const stores = [1, 2].map(() => openRedisQuotaStore(cluster.url, () => undefined));
    closers.push(async () => {
      for (const store of stores) store.close();
    });
    const limit = { perSecond: 1, burst: 10 };
    // A lease may fail here and be granted there, so each try has a bucket of its own.
    const lease = async (): Promise<number[]> => {
      const key = newId();
      const granted: number[] = [];
      for (const store of stores) granted.push(await store.lease(key, 6, limit));
      return granted;
    };
    await until(() =>
      lease().then(
        ([first = 0, second = 6]) => first === 6 && second < 6,
        () => false,
      ),
    );
  });
});

describe('with Sentinel', () => {
  test('the primary is killed in the middle of load: the replica takes over, and every change is applied once', async () => {
    const sentinels = await startSentinels();
    closers.push(() => sentinels.stop());
    const engine = await openEngine(sentinels.url, 1);
    await until(() =>
      engine.ping().then(
        () => true,
        () => false,
      ),
    );

    const organizations = await addWork(4);
    engine.nudge();
    await until(async () => (await entries(db, organizations[0] ?? '')).some(({ action }) => action === 'SYNC_ACCESS'));
    await sentinels.primary.kill();
    const killedAt = performance.now();
    organizations.push(...(await addWork(4)));
    engine.nudge();

    await until(async () => (await entries(db, organizations.at(-1) ?? '')).length > 0);
    expect(performance.now() - killedAt).toBeLessThan(60_000);
    await expectOneEntryEach(organizations);
    expect(await sentinels.replica.client.info('replication')).toContain('role:master');
    await until(() =>
      engine.ping().then(
        () => true,
        () => false,
      ),
    );
  });
});

describe('queue shards', () => {
  test('take organizations evenly, and one organization always the same', () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 4_000; index += 1) {
      const id = newId();
      const shard = shardOf(id, counts.length);
      counts[shard] = (counts[shard] ?? 0) + 1;
      expect(shardOf(id, counts.length)).toBe(shard);
    }
    for (const count of counts) expect(count).toBeGreaterThan(800);
  });

  test('may change in number while jobs wait: they are worked from the queues of before or the new ones, once', async () => {
    const url = inject('redisUrl') ?? '';
    const before = await openEngine(url, 2, false);
    await until(() =>
      before.ping().then(
        () => true,
        () => false,
      ),
    );
    const organizations = await addWork(3);
    before.nudge();
    await until(
      async () => (await before.depth())['group-membership']['waiting'] === 3 * membershipInFlightPerOrganization,
    );
    await before.close(1_000);
    // Their jobs are in queues that nobody works any more; the look-up of overdue ones finds that.
    await db.pool.query(
      `UPDATE sync_jobs SET dispatched_at = dispatched_at - interval '1 minute' WHERE status = 'dispatched'`,
    );

    await openEngine(url, 3);
    await expectOneEntryEach(organizations);
    const redis = new Redis(url);
    const keys = await redis.keys('{topology*');
    if (keys.length > 0) await redis.del(...keys);
    redis.disconnect();
  });
});
