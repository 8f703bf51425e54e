import type { Logger } from 'pino';
import { failJob, recordFailedAttempt } from '../jobs/fail.ts';
import type { LockedJob } from '../jobs/lock.ts';
import { UnknownPayloadError } from '../jobs/parse-payload.ts';
import { isDatabaseAway, type Database } from '../platform/database.ts';

/** Whether trying again can help. */
export function isHopeless(error: unknown): boolean {
  return error instanceof UnknownPayloadError;
}

const lockNotAvailable = '55P03';
const queryCanceled = '57014';

function sqlStateOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What went wrong, for the log of the organization and for bull-board: no values, no SQL. The service's own log has the
 * whole error under the job's id.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof UnknownPayloadError) return error.message;
  if (isDatabaseAway(error)) return 'The database could not be reached.';
  const sqlState = sqlStateOf(error);
  if (sqlState === lockNotAvailable || sqlState === queryCanceled) {
    return 'The database was too busy to apply the change in time.';
  }
  return sqlState === undefined
    ? "An unexpected error stopped the job; the service's log names it under this job's id."
    : `The database refused the change (${sqlState}); the service's log says more under this job's id.`;
}

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
    if (giveUp) await failJob(db, row, reasonOf(error));
    else await recordFailedAttempt(db, row, reasonOf(error));
    return giveUp ? 'failed' : 'will-retry';
  } catch (recordError) {
    logger.warn({ err: recordError }, 'the failure of a job could not be recorded; the job is taken up again later');
    return 'will-retry';
  }
}
