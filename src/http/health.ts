import { setTimeout as sleep } from 'node:timers/promises';
import { Router } from 'express';
import sql from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';

/** Dependencies by the name an operator knows; each check rejects when its dependency cannot be used. */
export type DependencyChecks = Record<string, () => Promise<unknown>>;

/** A dependency that takes longer to answer is not usable; probes give up soon after. */
const checkTimeoutMs = 2_000;

/** What the service stands on: Postgres always, and what carries the queues - Redis, or the same Postgres. */
export function dependencyChecks(dependencies: {
  db: Queryable;
  engine: { ping(): Promise<void> };
  redisUrl: string | null;
}): DependencyChecks {
  const { db, engine, redisUrl } = dependencies;
  return {
    postgres: () => db.query(sql`SELECT 1`),
    [redisUrl === null ? 'queue' : 'redis']: () => engine.ping(),
  };
}

/**
 * `/healthz`: the process answers. `/readyz`: its dependencies, each by name; 503 as soon as one cannot be used. The
 * reasons stay in the log: who asks need not be an operator.
 */
export function healthRouter(checks: DependencyChecks): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_req, res) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => {
        const startedAt = performance.now();
        const status = await answersInTime(check);
        return [name, { status, latencyMs: Math.round((performance.now() - startedAt) * 10) / 10 }] as const;
      }),
    );
    const ready = results.every(([, result]) => result.status === 'ok');
    res
      .status(ready ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ready ? 'ok' : 'unavailable', dependencies: Object.fromEntries(results) });
  });
  return router;
}

async function answersInTime(check: () => Promise<unknown>): Promise<'ok' | 'unavailable'> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      check().then(() => 'ok' as const),
      sleep(checkTimeoutMs, 'unavailable' as const, { signal: timer.signal, ref: false }),
    ]);
  } catch {
    return 'unavailable';
  } finally {
    timer.abort();
  }
}
