import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Limit, QuotaStore } from '../../src/rate-limit/limit.ts';
import { openQuotaStore } from '../../src/rate-limit/open-quota-store.ts';
import { createRateLimiter, type RateLimiter } from '../../src/rate-limit/rate-limiter.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { quickest } from '../support/quickest.ts';

const limit: Limit = { perSecond: 100, burst: 100 };

/** How many of `count` requests at once are let through. */
async function burst(limiter: RateLimiter, count: number, key = 'acme'): Promise<number> {
  const waits = await Promise.all(Array.from({ length: count }, async () => limiter.take(key)));
  return waits.filter((wait) => wait === 0).length;
}

/** A store in memory that counts its calls, and can be made to fail or to say nothing. */
function memoryStore(now: () => number) {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const store = {
    calls: 0,
    state: 'up' as 'up' | 'down' | 'frozen',
    async lease(key: string, wanted: number, { perSecond, burst: most }: Limit) {
      store.calls += 1;
      if (store.state === 'down') throw new Error('away');
      if (store.state === 'frozen') await new Promise(() => undefined);
      const bucket = buckets.get(key) ?? { tokens: most, at: now() };
      const tokens = Math.min(most, bucket.tokens + ((now() - bucket.at) * perSecond) / 1000);
      const granted = Math.min(wanted, Math.floor(tokens));
      buckets.set(key, { tokens: tokens - granted, at: now() });
      return granted;
    },
  };
  return store;
}

describe('one process alone', () => {
  test('lets a second of requests through at once, then as many as the rate', async () => {
    let now = 0;
    const limiter = createRateLimiter({ limit, store: null, now: () => now });
    expect(await burst(limiter, 150)).toBe(100);
    expect(await limiter.take('acme')).toBeCloseTo(10);
    now += 500;
    expect(await burst(limiter, 150)).toBe(50);
    now += 60_000;
    expect(await burst(limiter, 150)).toBe(100);
  });

  test('counts every organization for itself', async () => {
    const limiter = createRateLimiter({ limit, store: null, now: () => 0 });
    expect(await burst(limiter, 150, 'acme')).toBe(100);
    expect(await burst(limiter, 50, 'other')).toBe(50);
  });

  test('never holds back who stays at the rate, whatever the rhythm', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 10, max: 400 }), { maxLength: 300 }), async (gapsMs) => {
        let now = 0;
        const limiter = createRateLimiter({ limit, store: null, now: () => now });
        for (const gap of gapsMs) {
          now += gap;
          expect(await limiter.take('acme')).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a bulk, charged for what it holds', () => {
  test('makes those who come next wait until it is paid off, and the next bulk too', async () => {
    let now = 0;
    const limiter = createRateLimiter({ limit, store: null, now: () => now });
    expect(limiter.charge('acme', 250)).toBe(0);
    expect(await limiter.take('acme')).toBeCloseTo(1_510);
    expect(limiter.charge('acme', 10)).toBeCloseTo(1_500);
    expect(await limiter.take('other')).toBe(0);
    now += 1_500;
    expect(limiter.charge('acme', 10)).toBe(0);
    expect(await limiter.take('acme')).toBeCloseTo(110);
    now += 110;
    expect(await limiter.take('acme')).toBe(0);
  });

  test('never gets more through in the long run than the rate', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gapMs: fc.nat(3_000), size: fc.integer({ min: 1, max: 1_000 }) }), { minLength: 1 }),
        (bulks) => {
          let now = 0;
          let charged = 0;
          let last = 0;
          const limiter = createRateLimiter({ limit, store: null, now: () => now });
          for (const { gapMs, size } of bulks) {
            now += gapMs;
            if (limiter.charge('acme', size) !== 0) continue;
            charged += size;
            last = size;
          }
          expect(charged - last).toBeLessThanOrEqual(limit.burst + (now * limit.perSecond) / 1_000 + 1e-6);
        },
      ),
    );
  });

  test('takes from what the other processes have, at once', async () => {
    let now = 0;
    const store = memoryStore(() => now);
    const [one, other] = [1, 2].map(() => createRateLimiter({ limit, store, now: () => now }));
    expect(one?.charge('acme', 90)).toBe(0);
    await sleep(0);
    expect(await burst(other as RateLimiter, 50)).toBeLessThanOrEqual(10);
    now += 1_000;
    expect(await burst(other as RateLimiter, 200)).toBeGreaterThanOrEqual(90);
  });

  test('is refused with what is due while the store is away, by what this process let through', () => {
    let now = 0;
    const store = memoryStore(() => now);
    store.state = 'down';
    const limiter = createRateLimiter({ limit, store, now: () => now });
    expect(limiter.charge('acme', 200)).toBe(0);
    expect(limiter.charge('acme', 1)).toBeCloseTo(1_000);
    now += 1_000;
    expect(limiter.charge('acme', 1)).toBe(0);
  });
});

describe('with a store', () => {
  test('takes many requests at a time: far fewer calls than requests', async () => {
    let now = 0;
    const store = memoryStore(() => now);
    const limiter = createRateLimiter({ limit: { perSecond: 1_000, burst: 1_000 }, store, now: () => now });
    let passed = 0;
    for (let i = 0; i < 1_000; i += 1) {
      now += 1;
      if ((await limiter.take('acme')) === 0) passed += 1;
    }
    expect(passed).toBe(1_000);
    expect(store.calls).toBeLessThan(60);
  });

  test('a flood that is held back costs the store ten calls a second at most', async () => {
    let now = 0;
    const store = memoryStore(() => now);
    const limiter = createRateLimiter({ limit, store, now: () => now });
    await burst(limiter, 200);
    const before = store.calls;
    let passed = 0;
    for (let i = 0; i < 10_000; i += 1) {
      now += 0.1;
      if ((await limiter.take('acme')) === 0) passed += 1;
    }
    expect(store.calls - before).toBeLessThan(60); // a second: ten refusals, and the leases of what comes back
    expect(passed).toBeGreaterThan(80);
    expect(passed).toBeLessThanOrEqual(105);
  });

  test('two processes share one limit; no more than one lease each comes on top', async () => {
    let now = 0;
    const store = memoryStore(() => now);
    const processes = [1, 2].map(() => createRateLimiter({ limit, store, now: () => now }));
    let passed = 0;
    for (let ms = 0; ms < 3_000; ms += 2) {
      now = ms;
      for (const limiter of processes) if ((await limiter.take('acme')) === 0) passed += 1;
    }
    expect(passed).toBeGreaterThan(350);
    expect(passed).toBeLessThanOrEqual(410);
  });

  test.each(['down', 'frozen'] as const)(
    'that is %s, each process decides by itself, and nobody waits',
    async (state) => {
      // The clock stands still: however long it all takes, nothing is due to be tried again.
      const now = () => 0;
      const first = await quickest(500, async () => {
        const store = memoryStore(now);
        store.state = state;
        const told: unknown[] = [];
        const limiter = createRateLimiter({ limit, store, now, onStoreAway: (error) => told.push(error) });
        return { store, told, limiter, passed: await burst(limiter, 200) };
      });
      expect(first.ms).toBeLessThan(500);
      const { store, told, limiter, passed } = first.result;
      expect(passed).toBeGreaterThanOrEqual(100);
      let others = 0;
      const later = await quickest(250, () => burst(limiter, 1_000, `other ${(others += 1)}`));
      expect(later.ms).toBeLessThan(250);
      expect(told).toHaveLength(1);
      expect(store.calls).toBeLessThan(5);
    },
  );

  test('that comes back is used again, beside the requests', async () => {
    let now = 0;
    const store = memoryStore(() => now);
    store.state = 'down';
    const limiter = createRateLimiter({ limit, store, now: () => now });
    expect(await limiter.take('acme')).toBe(0);
    store.state = 'up';
    now += 1_001;
    expect(await limiter.take('acme')).toBe(0); // asks the store, does not wait for it
    await sleep(1);
    const before = store.calls;
    expect(await burst(limiter, 150)).toBeGreaterThanOrEqual(95);
    expect(store.calls).toBeGreaterThan(before);
  });
});

describe.each(['redis', 'postgres'] as const)('shared through %s', (kind) => {
  const redisUrl = inject('redisUrl');
  let db: TestDatabase;
  let stores: (QuotaStore & { close(): void })[] = [];
  beforeAll(async () => {
    db = await createTestDatabase(4);
    const open = () => openQuotaStore({ redisUrl: kind === 'redis' ? redisUrl : null, db, onError: () => undefined });
    stores = [open(), open()];
  });
  afterAll(async () => {
    for (const store of stores) store.close();
    await db.close();
  });
  const skip = kind === 'redis' && redisUrl === null;

  test.skipIf(skip)('a new bucket is full, an empty one gives nothing, and it fills with time', async () => {
    const [store] = stores;
    if (store === undefined) throw new Error('not opened');
    const key = `test:${performance.now()}`;
    // The first command of a fresh connection may come before it is ready.
    await expect.poll(() => store.lease(`${key}:ready`, 1, limit).catch(() => 'away')).toBe(1);
    // So slowly that a pause between two leases adds next to nothing.
    const slow: Limit = { perSecond: 1, burst: 100 };
    expect(await store.lease(key, 60, slow)).toBe(60);
    const rest = await store.lease(key, 60, slow);
    expect(rest).toBeGreaterThanOrEqual(40);
    expect(rest).toBeLessThan(60);
    await sleep(1_100);
    const later = await store.lease(key, 100, slow);
    expect(later).toBeGreaterThanOrEqual(1);
    expect(later).toBeLessThan(40);
  });

  test.skipIf(skip)('two processes together let through what one would', async () => {
    const limiters = stores.map((store) => createRateLimiter({ limit, store, patienceMs: 5_000 }));
    const key = `test:${performance.now()}`;
    const startedAt = performance.now();
    const passed = await Promise.all(limiters.map((limiter) => burst(limiter, 150, key)));
    const seconds = (performance.now() - startedAt) / 1_000;
    const total = passed.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(90);
    expect(total).toBeLessThanOrEqual(Math.ceil(100 + 100 * seconds) + 1);
  });
});

test('a Redis that is not there delays nobody', async () => {
  const redisUrl = `redis://127.0.0.1:${await freePort()}`;
  const { ms, result } = await quickest(300, async () => {
    const store = openQuotaStore({
      redisUrl,
      db: { query: () => Promise.reject(new Error('not asked')) },
      onError: () => undefined,
    });
    try {
      return await burst(createRateLimiter({ limit, store }), 50);
    } finally {
      store.close();
    }
  });
  expect(result).toBe(50);
  expect(ms).toBeLessThan(300);
});
