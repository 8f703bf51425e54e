import { Redis } from 'ioredis';

/** Less than an empty server needs: from the first write on everything that needs memory is refused. */
const tooLittle = '1mb';

/**
 * Makes a Redis refuse every write for want of memory (`noeviction`); it goes on answering reads.
 *
 * @returns gives it its memory back
 */
export async function fillRedis(url: string): Promise<() => Promise<void>> {
  const before = await configure(url, { 'maxmemory-policy': 'noeviction', maxmemory: tooLittle });
  return async () => {
    await configure(url, before);
  };
}

/** @returns what was set before */
async function configure(url: string, settings: Record<string, string>): Promise<Record<string, string>> {
  const redis = new Redis(url);
  try {
    const before: Record<string, string> = {};
    for (const [name, value] of Object.entries(settings)) {
      const [, old = ''] = await redis.config('GET', name);
      before[name] = old;
      await redis.config('SET', name, value);
    }
    return before;
  } finally {
    redis.disconnect();
  }
}
