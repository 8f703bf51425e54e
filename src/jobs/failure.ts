import { failureClassWords, type FailureAnswer, type FailureClass } from '../contract/failure.ts';
import { isDatabaseAway } from '../platform/database-errors.ts';
import { NewerJobError, UnknownPayloadError } from './parse-payload.ts';

/** Why a job failed and what to do about it, in words that may be shown: no values, no SQL. */
export interface Failure extends FailureAnswer {
  code: FailureCode;
  /** What went wrong, one sentence. */
  problem: string;
}

interface Kind {
  class: FailureClass;
  problem: string;
  advice: string;
}

/** Every kind of failure: the one table from which the log, REST, the CLI and bull-board take class and words. */
const kinds = {
  'unknown-payload': {
    class: 'admin',
    problem: "This version of the service does not understand the job's payload.",
    advice: 'Update the workers to the version of the process that added the job, then replay it.',
  },
  'newer-job': {
    class: 'admin',
    problem: 'A newer version of the service added this job, and this one does not know how to do it.',
    advice:
      'Update the workers to the version of the process that added the job; it waits for them and needs no replay.',
  },
  'database-away': {
    class: 'retry',
    problem: 'The database could not be reached.',
    advice: 'Nothing needs doing: the job is taken up again by itself once the database answers.',
  },
  'database-full': {
    class: 'admin',
    problem: 'The database has no room left.',
    advice: 'Give the database more disk or connections; the job is then taken up again by itself.',
  },
  'database-busy': {
    class: 'retry',
    problem: 'The database was too busy to apply the change in time.',
    advice: 'Replay the job; if that fails again, look for long transactions in the database first.',
  },
  'database-read-only': {
    class: 'admin',
    problem: 'The database accepts no writes: it is a replica, or was set read-only.',
    advice: 'Let DATABASE_URL lead to the primary, then replay the job.',
  },
  'schema-differs': {
    class: 'admin',
    problem: 'The schema of the database is not the one that this version needs.',
    advice: 'Run `rollcall migrate` with the version of the workers, then replay the job.',
  },
  'permission-denied': {
    class: 'admin',
    problem: "The service's database user lacks a permission.",
    advice: 'Make the user of DATABASE_URL the owner of the tables, then replay the job.',
  },
  'concurrent-change': {
    class: 'retry',
    problem: 'Something that the change refers to was changed or deleted at the same moment.',
    advice: 'Replay the job: it computes access from what is there now.',
  },
  'unusable-value': {
    class: 'identity-provider',
    problem: 'A value that the identity provider sent cannot be processed.',
    advice:
      'Correct the user or group there (the log of the service says more under the id of the job); when the provider has sent it again, replay the job.',
  },
  'database-refused': {
    class: 'admin',
    problem: 'The database refused the change.',
    advice: 'Look for the id of the job in the log of the service, mend what it names, then replay the job.',
  },
  unexpected: {
    class: 'admin',
    problem: 'An unexpected error stopped the job.',
    advice:
      'Look for the id of the job in the log of the service; replay the job once, and report it if it fails again.',
  },
} as const satisfies Record<string, Kind>;

export type FailureCode = keyof typeof kinds;
export const failureCodes = Object.keys(kinds) as FailureCode[];

/** SQLSTATE → kind, the first that matches (PostgreSQL documentation, appendix A). */
const bySqlState: readonly (readonly [RegExp, FailureCode])[] = [
  [/^53/, 'database-full'],
  [/^(08|57P)/, 'database-away'],
  [/^(57014|55P03|40P01|40001|25P03)$/, 'database-busy'],
  [/^25006$/, 'database-read-only'],
  [/^(42P01|42703|42883|3F000)$/, 'schema-differs'],
  [/^42501$/, 'permission-denied'],
  [/^23/, 'concurrent-change'],
  [/^(22|54)/, 'unusable-value'],
];

/** What an error of a job means. The service's own log has the whole error under the job's id. */
export function failureOf(error: unknown): Failure {
  if (error instanceof NewerJobError) return { ...failureOfKind('newer-job'), problem: error.message };
  if (error instanceof UnknownPayloadError) return { ...failureOfKind('unknown-payload'), problem: error.message };
  const sqlState = sqlStateOf(error);
  const known = sqlState === undefined ? undefined : bySqlState.find(([pattern]) => pattern.test(sqlState));
  if (known !== undefined) return failureOfKind(known[1]);
  if (isDatabaseAway(error)) return failureOfKind('database-away');
  if (sqlState === undefined) return failureOfKind('unexpected');
  return { ...failureOfKind('database-refused'), problem: `The database refused the change (${sqlState}).` };
}

export function failureOfKind(code: FailureCode): Failure {
  return { code, ...kinds[code] };
}

/** Whether trying again, unchanged, is pointless. */
export function isHopeless(error: unknown): boolean {
  return error instanceof UnknownPayloadError;
}

/** What to do about a failure that a row names; a newer version may have stored a kind that this one does not know. */
export function storedFailure(code: string | null, failureClass: FailureClass | null): FailureAnswer | null {
  if (code === null || failureClass === null) return null;
  const kind: Kind | undefined = Object.hasOwn(kinds, code) ? kinds[code as FailureCode] : undefined;
  return { code, class: failureClass, advice: kind?.advice ?? 'The sync log entry of the failure says what to do.' };
}

/** What went wrong, whose turn it is, and what to do: one text, for the log and for bull-board. */
export function describeFailure(failure: Failure): string {
  return `${failure.problem} ${failureClassWords[failure.class]}. ${failure.advice}`;
}

/** Five digits or capitals: everything else in `code` is Node's. */
function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}
