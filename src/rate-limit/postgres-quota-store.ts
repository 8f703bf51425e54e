import sql from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import type { QuotaStore } from './limit.ts';

/**
 * Shared buckets in Postgres, for installations without Redis. The table is unlogged: a lease writes no WAL and waits
 * for no disk, and after a crash every bucket is full. Time is the database's.
 */
export function postgresQuotaStore(db: Queryable): QuotaStore {
  return {
    async lease(key, wanted, { perSecond, burst }) {
      const tokens = sql`least(${burst}::float8,
        q.tokens + greatest(0, extract(epoch FROM now() - q.refilled_at)::float8) * ${perSecond}::float8)`;
      const [row] = await db.query<{ granted: number }>(sql`
        INSERT INTO request_quotas AS q (key, tokens, granted, refilled_at)
        VALUES (${key}, ${burst}::float8 - least(${wanted}::integer, ${burst}::integer),
          least(${wanted}::integer, ${burst}::integer), now())
        ON CONFLICT (key) DO UPDATE SET
          granted = least(${wanted}::integer, floor(${tokens})::integer),
          tokens = ${tokens} - least(${wanted}::integer, floor(${tokens})::integer),
          refilled_at = greatest(q.refilled_at, now())
        RETURNING granted`);
      return row?.granted ?? 0;
    },
  };
}
