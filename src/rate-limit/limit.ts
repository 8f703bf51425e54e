/** A token bucket: `perSecond` requests for as long as one likes, and `burst` at once after a pause. */
export interface Limit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Buckets that all replicas share. One call takes many requests' worth, so that few calls are needed. */
export interface QuotaStore {
  /**
   * Takes up to `wanted` tokens out of the bucket `key`; a bucket that is not there yet is full.
   *
   * @returns how many it got, 0 for an empty bucket
   * @throws when the store is away; nobody but the lease itself waits for that (rate-limiter.ts)
   */
  lease(key: string, wanted: number, limit: Limit): Promise<number>;
}

/** A bucket of one process. */
export interface TokenBucket {
  tokens: number;
  /** By the caller's clock, in milliseconds. */
  refilledAt: number;
}

/** Takes one token. @returns 0, or after how many milliseconds there will be one */
export function takeToken(bucket: TokenBucket, { perSecond, burst }: Limit, now: number): number {
  refill(bucket, { perSecond, burst }, now);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return 0;
  }
  return ((1 - bucket.tokens) * 1000) / perSecond;
}

export function refill(bucket: TokenBucket, { perSecond, burst }: Limit, now: number): void {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.refilledAt) * perSecond) / 1000);
  bucket.refilledAt = now;
}
