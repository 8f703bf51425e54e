import { setTimeout as sleep } from 'node:timers/promises';
import { boundedMap } from '../platform/bounded-map.ts';
import { refill, takeToken, type Limit, type QuotaStore, type TokenBucket } from './limit.ts';

/**
 * How many requests of each key (an organization) are let through.
 *
 * With a store the limit holds for all replicas together. A round trip per request would cost more than the requests
 * that it protects from (memory, Redis and Postgres count 60 : 1 : 0.15 times as fast), so a process leases tokens
 * ahead: a twentieth of a second's worth, the next lease on its way before the last token is gone. What a process has
 * leased and not used lets through that many more at once, later; it never takes from the rate. A process never lets
 * through more than the limit by itself, whatever the store says, and that alone decides while the store is away.
 *
 * A library for this (rate-limiter-flexible) asks its store for each request, knows no part of a lease (more than is
 * left is refused as a whole), and turns to its insurance when the store fails, not when it is merely slow.
 */
export interface RateLimiter {
  /** Takes one request's worth. @returns 0: let it through; else after how many milliseconds to try again */
  take(key: string): number | Promise<number>;
  /**
   * Takes more for a request that was let through and turned out to be many, a bulk. It may be more than there is, or
   * than there ever is at once: then those who come next wait until it is paid off.
   *
   * @returns 0; else, when an earlier one is not paid off yet, after how many milliseconds to try again
   */
  charge(key: string, requests: number): number;
}

/** Organizations that are active at the same time in one process; the least recent is forgotten, to its advantage. */
const maxKeys = 20_000;

/** A request never waits longer for the store, whatever its state: then this process decides by itself. */
const defaultPatienceMs = 50;

/** How often a store that is away is tried again, beside the requests. */
const storeRetryMs = 1_000;

/** A store that comes and goes is one piece of news, not many. */
const tellEveryMs = 60_000;

/** An empty bucket is not asked again for so long: a flood costs the store ten calls a second, not one per request. */
const emptyForMs = 100;

interface Entry {
  /** Tokens that this process may still hand out. */
  leased: number;
  pending: Promise<void> | null;
  waiting: number;
  /** Until then the store has nothing for this key. */
  emptyUntil: number;
  /** What this process let through: the limit for it alone, and all that decides while the store is away. */
  own: TokenBucket;
}

/**
 * @param store null: this process alone
 * @param onStoreAway told when the store stops answering, once a minute at most
 */
export function createRateLimiter(options: {
  limit: Limit;
  store: QuotaStore | null;
  onStoreAway?: (error: unknown) => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
  /** How long a request may wait for the store. */
  patienceMs?: number;
}): RateLimiter {
  const { limit, store, onStoreAway, now = () => performance.now(), patienceMs = defaultPatienceMs } = options;
  const batch = Math.max(1, Math.ceil(limit.perSecond / 20));
  const entries = boundedMap<Entry>(maxKeys);
  let isAway = false;
  let triedAt = -Infinity;
  let toldAt = -Infinity;

  const newEntry = (): Entry => ({
    leased: 0,
    pending: null,
    waiting: 0,
    emptyUntil: 0,
    own: { tokens: limit.burst, refilledAt: now() },
  });

  function lease(key: string, entry: Entry, from: QuotaStore): Promise<void> {
    triedAt = now();
    const debt = Math.max(0, -entry.leased);
    const wanted = batch + entry.waiting + debt;
    entry.pending ??= from
      .lease(key, wanted, limit)
      .then(
        (granted) => {
          isAway = false;
          entry.leased += granted;
          if (granted < wanted) entry.emptyUntil = now() + emptyForMs;
        },
        (error: unknown) => storeIsAway(error),
      )
      .finally(() => {
        entry.pending = null;
      });
    return entry.pending;
  }

  function storeIsAway(error: unknown): void {
    if (!isAway && now() - toldAt >= tellEveryMs) {
      toldAt = now();
      onStoreAway?.(error);
    }
    isAway = true;
  }

  async function awaitLease(key: string, entry: Entry, from: QuotaStore): Promise<number> {
    entry.waiting += 1;
    try {
      const deadline = new AbortController();
      const answered = lease(key, entry, from).then(() => true);
      const late = sleep(patienceMs, false, { signal: deadline.signal }).catch(() => false);
      const inTime = await Promise.race([answered, late]);
      deadline.abort();
      if (!inTime) storeIsAway(new Error(`no answer within ${patienceMs} ms`));
    } finally {
      entry.waiting -= 1;
    }
    return takeShared(key, entry, from);
  }

  /** @returns 0: there was a token; else after how many milliseconds to try again */
  function takeShared(key: string, entry: Entry, from: QuotaStore): number | Promise<number> {
    if (entry.leased >= 1) {
      entry.leased -= 1;
      const isLow = entry.leased < batch / 2 && entry.pending === null && now() >= entry.emptyUntil;
      if (isLow && !isAway) void lease(key, entry, from);
      return 0;
    }
    if (isAway) {
      // Beside the request, so that nobody waits to find out that it is still away.
      if (now() - triedAt >= storeRetryMs && entry.pending === null) void lease(key, entry, from);
      return 0;
    }
    const emptyForAnother = entry.emptyUntil - now();
    if (emptyForAnother <= 0) return awaitLease(key, entry, from);
    // It was not let through after all.
    entry.own.tokens += 1;
    return Math.max(emptyForAnother, ((1 - Math.min(0, entry.leased)) * 1000) / limit.perSecond);
  }

  function take(key: string): number | Promise<number> {
    const entry = entries.use(key, newEntry);
    const waitMs = takeToken(entry.own, limit, now());
    return waitMs > 0 || store === null ? waitMs : takeShared(key, entry, store);
  }

  function charge(key: string, requests: number): number {
    const entry = entries.use(key, newEntry);
    refill(entry.own, limit, now());
    if (entry.own.tokens < 0) return (-entry.own.tokens * 1000) / limit.perSecond;
    entry.own.tokens -= requests;
    if (store !== null) {
      entry.leased -= requests;
      // At once, so that the other replicas have less from now on.
      if (entry.leased < 0 && entry.pending === null && !isAway) void lease(key, entry, store);
    }
    return 0;
  }

  return { take, charge };
}
