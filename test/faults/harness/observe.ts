import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import type { Queryable } from '../../../src/platform/database.ts';
import { startStopwatch } from '../../support/stopwatch.ts';
import type { Exchange } from '../traffic/requests.ts';

/** The ten seconds that are promised (I17), and some more that a machine with everything else to do may add. */
export const answeredWithinMs = 12_000;

/** What was sent and answered within a stretch of time, and what came of it. */
export function answeredWithin(exchanges: readonly Exchange[], from: number, until: number): Exchange[] {
  return exchanges.filter(({ startedAt, answeredAt }) => startedAt >= from && answeredAt <= until);
}

/** The 99th percentile of how long SCIM writes took that were acknowledged, in milliseconds. */
export function scimWriteP99Ms(exchanges: readonly Exchange[]): number {
  const durations = exchanges
    .filter(({ kind, status }) => kind === 'scim' && typeof status === 'number' && status < 300)
    .map(({ durationMs }) => durationMs)
    .sort((a, b) => a - b);
  return durations[Math.ceil(durations.length * 0.99) - 1] ?? 0;
}

/** Those that are not answered in one of these ways, in words, the first few of them. */
export function otherThan(exchanges: readonly Exchange[], isRight: (one: Exchange) => boolean): string[] {
  return exchanges
    .filter((one) => !isRight(one))
    .slice(0, 5)
    .map(
      ({ what, status, durationMs, retryAfter, requestId }) =>
        `${what} was answered ${status} after ${durationMs} ms, Retry-After ${retryAfter ?? 'missing'} (${requestId})`,
    );
}

/**
 * Waits until a worker has applied something that it began after now.
 *
 * @returns how long that took, in milliseconds and without the time for which this process stood still; `withinMs` when
 * it did not happen
 */
export async function untilConsuming(
  db: Queryable,
  organizationIds: readonly string[],
  withinMs: number,
): Promise<number> {
  const stopwatch = startStopwatch();
  try {
    const [clock] = await db.query<{ now: Date }>(sql`SELECT clock_timestamp() AS now`);
    while (stopwatch.ms() < withinMs) {
      const [entry] = await db.query(sql`
        SELECT FROM sync_logs
        WHERE organization_id = ANY (${organizationIds}::uuid[]) AND job_id IS NOT NULL AND status <> 'FAILED'
          AND occurred_at > ${clock?.now}
        LIMIT 1`);
      if (entry !== undefined) return stopwatch.ms();
      await sleep(20);
    }
    return withinMs;
  } finally {
    stopwatch.stop();
  }
}

/** What a process occupies of the memory, in megabytes. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}
