import { connectRedis } from '../platform/redis-connection.ts';
import type { QuotaStore } from './limit.ts';

/** The bucket is refilled by the clock of Redis, the one that all replicas share. It goes away when it is full again. */
const leaseScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  local wanted, perSecond, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
  local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'refilledAt')
  local tokens = tonumber(bucket[1]) or burst
  local refilledAt = tonumber(bucket[2]) or now
  tokens = math.min(burst, tokens + math.max(0, now - refilledAt) * perSecond / 1000)
  local granted = math.min(wanted, math.floor(tokens))
  redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - granted), 'refilledAt', tostring(now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(burst / perSecond * 1000) + 1000)
  return granted`;

/** Somebody's request may wait for this; a Redis that takes longer is as good as away. */
const commandTimeoutMs = 500;

/** Shared buckets in the Redis of REDIS_URL. It may be away at any time, also at the start; a lease then fails at once. */
export function openRedisQuotaStore(url: string, onError: (error: Error) => void): QuotaStore & { close(): void } {
  const redis = connectRedis(url, {
    connectionName: 'rollcall-rate-limit',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (attempt) => Math.min(attempt * 200, 1_000),
  });
  redis.on('error', onError);
  return {
    async lease(key, wanted, { perSecond, burst }) {
      return Number(await redis.eval(leaseScript, 1, `rollcall-rate-limit:${key}`, wanted, perSecond, burst));
    },
    close: () => redis.disconnect(),
  };
}
