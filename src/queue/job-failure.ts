import type { Logger } from 'pino';
import { failJob, recordFailedAttempt } from '../jobs/fail.ts';
import { failureOf, isHopeless } from '../jobs/failure.ts';
import type { LockedJob } from '../jobs/lock.ts';
import { isDatabaseAway } from '../platform/database-errors.ts';
import type { Database } from '../platform/database.ts';

/**
 * Writes down that an attempt failed: counted when it will be repeated, else the row becomes `failed` with an entry.
 *
 * Nothing is written when the row was never locked (somebody else is at it) or the database is away. Then the row stays
 * `dispatched`, whatever BullMQ thinks of the job, and the dispatcher's look at overdue rows takes it up again.
 */
export async function recordFailure(
  db: Database,
  row: LockedJob | undefined,
  error: unknown,
  { isLast, logger }: { isLast: boolean; logger: Logger },
): Promise<'will-retry' | 'failed'> {
  const giveUp = isHopeless(error) || isLast;
  if (row === undefined || isDatabaseAway(error)) return 'will-retry';
  try {
    if (giveUp) await failJob(db, row, failureOf(error));
    else await recordFailedAttempt(db, row, failureOf(error));
    return giveUp ? 'failed' : 'will-retry';
  } catch (recordError) {
    logger.warn({ err: recordError }, 'the failure of a job could not be recorded; the job is taken up again later');
    return 'will-retry';
  }
}
