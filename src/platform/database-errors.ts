import pg from 'pg';
import { AbandonedError, OutOfTimeError } from './deadline.ts';
import { isKeptPlanOutdated } from './kept-statements.ts';

/** Whether `error` is what `require_true` raises. */
export function isConditionRefused(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === 'RC001';
}

/** The condition that this was to be done under does not hold, or not any more. Nothing was done. */
export class ConditionError extends Error {
  constructor() {
    super('the condition for this does not hold any more');
    this.name = 'ConditionError';
  }
}

/**
 * Whether the server went away without saying how the statement ended: it may have committed just before. A pooler tells of
 * a lost server with an error of class 08.
 */
export function endedUnheard(error: unknown): boolean {
  if (error instanceof OutOfTimeError || error instanceof AbandonedError) return false;
  return !(error instanceof pg.DatabaseError) || /^(08|57P)/.test(error.code ?? '');
}

/**
 * Whether no statement can follow: the server went away, ended the session after saying why, or is not the primary any
 * more, which another connection may lead to.
 */
export function endsSession(error: unknown): boolean {
  return endedUnheard(error) || (error instanceof pg.DatabaseError && /^(25P0[34]|25006)/.test(error.code ?? ''));
}

/**
 * Whether what failed may simply be done again: Postgres chose it as the victim of a deadlock, or a statement that was kept
 * is not valid any more.
 */
export function mayRunAgain(error: unknown): boolean {
  const isVictim = error instanceof pg.DatabaseError && (error.code === '40P01' || error.code === '40001');
  return isVictim || isKeptPlanOutdated(error);
}

/** The connection was lost at the commit: it may have happened or not. */
export class OutcomeUnknownError extends Error {
  constructor(cause: unknown) {
    super('the connection was lost before the outcome of the commit was known', { cause });
    this.name = 'OutcomeUnknownError';
  }
}

/** What can be served within the five seconds that one waits for a connection, generously: who is further back waits in vain. */
export const mostWaiting = 2_000;

/** So many others wait for a connection already that this one is not even put behind them. */
export class OverloadedError extends Error {
  constructor() {
    super('too many wait for a database connection');
    this.name = 'OverloadedError';
  }
}

/** The name of the violated constraint, when `error` is Postgres' unique violation (23505). */
export function uniqueViolation(error: unknown): string | undefined {
  return violation(error, '23505');
}

/** The name of the violated constraint, when `error` is Postgres' foreign key violation (23503). */
export function foreignKeyViolation(error: unknown): string | undefined {
  return violation(error, '23503');
}

function violation(error: unknown, sqlState: string): string | undefined {
  return error instanceof pg.DatabaseError && error.code === sqlState ? (error.constraint ?? '') : undefined;
}

/** Connection (class 08), refused log-in (28), no such database (3D), resources (53), shutdown and recovery (57P0x), disk (58). */
const awaySqlState = /^(08|28|3D|53|57P|58)/;

const awayCode = /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ENOENT|EHOSTUNREACH|ENETUNREACH)/;

const awayMessage =
  /timeout expired|timeout exceeded when trying to connect|Connection terminated|Query read timeout|connection error|pool after calling end/;

/** Whether `error` says that Postgres cannot be reached, or takes no work at all for now. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return awaySqlState.test(error.code ?? '');
  if (error instanceof OutcomeUnknownError) return true;
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && awayCode.test(code)) || awayMessage.test(error.message);
}

/**
 * Statement timeout, lock timeout, deadlock, serialization failure, idle or long transaction ended; and read-only, which
 * is what a former primary is after a failover, until the connection leads to the new one.
 */
const busySqlStates = new Set(['57014', '55P03', '40P01', '40001', '25P03', '25P04', '25006']);

/** Whether the same request may succeed when it is repeated: Postgres is away, or was too busy with others. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof OutOfTimeError || error instanceof AbandonedError || error instanceof OverloadedError)
    return true;
  if (error instanceof ConditionError) return true;
  return isDatabaseAway(error) || (error instanceof pg.DatabaseError && busySqlStates.has(error.code ?? ''));
}
