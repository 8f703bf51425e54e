import type { Queryable } from '../platform/database.ts';
import type { QuotaStore } from './limit.ts';
import { postgresQuotaStore } from './postgres-quota-store.ts';
import { openRedisQuotaStore } from './redis-quota-store.ts';

/** Where replicas share their rate limits: Redis where there is one, else the database. */
export function openQuotaStore(options: {
  redisUrl: string | null;
  db: Queryable;
  /** Told of every failed attempt to connect. */
  onError: (error: Error) => void;
}): QuotaStore & { close(): void } {
  const { redisUrl, db, onError } = options;
  if (redisUrl !== null) return openRedisQuotaStore(redisUrl, onError);
  return { ...postgresQuotaStore(db), close: () => undefined };
}
