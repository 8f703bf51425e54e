import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadOptions {
  /** Number of the first operation; numbers are given out in order, each once. */
  from: number;
  durationMs: number;
  /** No more operations than this. */
  most: number;
  /** Operations a second, evenly spaced; absent: each connection sends as soon as it has its answer. */
  ratePerSecond?: number;
}

export interface LoadResult {
  from: number;
  /** One more than the number of the last operation. Every operation in between was answered. */
  to: number;
  elapsedMs: number;
  /** Of each operation in the order of the answers; with a rate from the moment at which it was due. */
  latenciesMs: Float64Array;
  /** When the answer to operation `from + i` was there, in milliseconds since 1970. */
  answeredAt: Float64Array;
  complaints: string[];
}

/** More than a few say nothing new. */
const maxComplaints = 5;

/**
 * Runs operations on several lanes, one at a time on each, until the time is up; those in flight then still count.
 *
 * @param perform resolves with what is wrong with the answer, if anything
 */
export async function runLoad(
  lanes: number,
  options: LoadOptions,
  perform: (lane: number, index: number) => Promise<string | undefined>,
): Promise<LoadResult> {
  const { from, durationMs, most, ratePerSecond } = options;
  const latencies: number[] = [];
  const answeredAt: number[] = [];
  const complaints: string[] = [];
  let next = from;
  const startedAt = performance.now();
  const epoch = Date.now() - startedAt;
  const deadline = startedAt + durationMs;
  let lastAt = startedAt;

  const work = async (lane: number): Promise<void> => {
    for (;;) {
      if (next - from >= most || complaints.length >= maxComplaints) return;
      let dueAt = performance.now();
      if (dueAt >= deadline) return;
      const index = next;
      next += 1;
      if (ratePerSecond !== undefined) {
        // Whoever is late starts at once, and the wait counts: a slow service must not slow down its own measurement.
        const scheduled = startedAt + ((index - from) * 1_000) / ratePerSecond;
        if (scheduled >= deadline) {
          next -= 1;
          return;
        }
        if (scheduled > dueAt) await sleep(scheduled - dueAt);
        dueAt = scheduled;
      }
      const complaint = await perform(lane, index);
      const now = performance.now();
      lastAt = now;
      latencies.push(now - dueAt);
      answeredAt[index - from] = epoch + now;
      if (complaint !== undefined && complaints.length < maxComplaints) complaints.push(`#${index}: ${complaint}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)));
  return {
    from,
    to: next,
    elapsedMs: lastAt - startedAt,
    latenciesMs: Float64Array.from(latencies),
    answeredAt: Float64Array.from(answeredAt),
    complaints,
  };
}
