/**
 * Runs something until it was quick enough, a few times at most: a machine that stalls hits one try, what is slow is slow
 * each time.
 *
 * @returns the last run, and how long it took
 */
export async function quickest<T>(
  withinMs: number,
  run: () => T | Promise<T>,
  tries = 5,
): Promise<{ ms: number; result: T }> {
  for (let left = tries; ; left -= 1) {
    const startedAt = performance.now();
    const result = await run();
    const ms = performance.now() - startedAt;
    if (ms < withinMs || left <= 1) return { ms, result };
  }
}
