import type { Sql } from 'sql-template-tag';
import { ConditionError, endedUnheard, mayRunAgain, OutcomeUnknownError, OverloadedError } from './database-errors.ts';
import { requireTimeToBegin, type Deadline } from './deadline.ts';
import { toleranceMs, type Ahead, type Session, type Terms } from './session.ts';

/**
 * That a statement may go together with those of others: it touches a few rows that an index finds, and all it does is in
 * its answer. Reads go with reads, so that none waits for a commit.
 *
 * A write names the resource that it locks. Those that go together lock in the order of these, as everybody does who
 * locks several.
 */
export type Sharing = 'read' | { locks: string };

/** Terms of somebody who may share: by what condition they may, and for how long. */
type SharedTerms = Terms & { deadline: Deadline; condition: Ahead };

interface Passenger {
  terms: SharedTerms;
  statement: Sql;
  locks: string;
  settle: (rows: Promise<object[]>) => void;
}

/** Those who wait for a trip under one condition. */
interface Line {
  readonly kind: 'read' | 'write';
  readonly condition: Ahead;
  waiting: Passenger[];
  /** On their way, those aside that take too long. */
  trips: number;
  isCalled: boolean;
}

/** Whatever there is at once under one condition needs no more: it is one organization's. */
const mostTripsOfLine = 2;

/** What a trip takes along; that many statements take Postgres some ten milliseconds. */
const mostTogether = 32;

/** As many as may wait for a connection: who is further back would only wait in vain. */
const mostWaiting = 2_000;

/** A trip that takes longer, because it waits for somebody's lock, keeps nobody waiting who is not on it. */
const stuckAfterMs = 100;

/** None of those that go together waits longer for a lock; then each goes by itself. */
const lockPatience: Ahead = {
  text: `SELECT set_config('lock_timeout', $1, true)`,
  values: ['200ms'],
};

/**
 * Statements of several requests in one round trip and one transaction. While one trip is on its way those who come wait,
 * and then go together: the message, the condition, the transaction and, of writes, the commit are there once for all. A
 * statement that comes alone goes at once. (Postgres calls the last part group commit; what is saved here is mostly around
 * the statements.)
 *
 * Together go those under one condition, in the time of whoever has least. Where one of them fails, nothing of all is
 * done, and each goes by itself, so that nobody learns of another. All this is about cost only.
 */
export interface SharedTrips {
  join(terms: Terms, statement: Sql, sharing: Sharing): Promise<object[]>;
}

export function sharedTrips(options: {
  lend: <T>(terms: Terms, work: (session: Session) => Promise<T>) => Promise<T>;
  runAlone: (terms: Terms, statement: Sql) => Promise<object[]>;
  statementTimeoutMs: number;
}): SharedTrips {
  const { lend, runAlone, statementTimeoutMs } = options;
  const lines = { read: new WeakMap<Ahead, Line>(), write: new WeakMap<Ahead, Line>() };

  const lineOf = (kind: Line['kind'], condition: Ahead): Line => {
    let line = lines[kind].get(condition);
    if (line === undefined) {
      line = { kind, condition, waiting: [], trips: 0, isCalled: false };
      lines[kind].set(condition, line);
    }
    return line;
  };

  /** Sends for the line, once all that has just arrived is in it. */
  const call = (line: Line): void => {
    if (line.isCalled || line.trips >= mostTripsOfLine || line.waiting.length === 0) return;
    line.isCalled = true;
    setImmediate(() => {
      line.isCalled = false;
      if (line.waiting.length === 0) return;
      void travel(line).then(() => call(line));
      // Whoever does not fit in has a trip of their own.
      if (line.waiting.length > mostTogether) call(line);
    });
  };

  /** Never throws: whatever happens is the outcome of those who went along. */
  const travel = async (line: Line): Promise<void> => {
    line.trips += 1;
    let isCounted = true;
    const uncount = (): void => {
      if (isCounted) line.trips -= 1;
      isCounted = false;
    };
    let stuck: NodeJS.Timeout | undefined;
    let passengers: Passenger[] = [];
    const deadline: Deadline = {
      remainingMs: () => leastTimeOf(passengers.length > 0 ? passengers : line.waiting),
      isAbandoned: () => false,
    };
    try {
      await lend({ condition: line.condition, deadline }, async (session) => {
        passengers = board(line);
        if (passengers.length === 0) return;
        stuck = setTimeout(() => {
          uncount();
          call(line);
        }, stuckAfterMs);
        const isAmongOthers = passengers.length > 1;
        const answers = await session.runTogether(
          passengers.map(({ statement }) => statement),
          isAmongOthers && line.kind === 'write' ? [lockPatience] : [],
        );
        for (const [index, { settle }] of passengers.entries()) settle(Promise.resolve(answers[index] ?? []));
      });
    } catch (error) {
      // Where there was no connection, everybody who waits for one learns why from a try of their own.
      const concerned = passengers.length > 0 ? passengers : line.waiting.splice(0, mostTogether);
      for (const passenger of concerned) passenger.settle(afterFailure(line, passenger, passengers.length, error));
    } finally {
      clearTimeout(stuck);
      uncount();
    }
  };

  const afterFailure = async (
    line: Line,
    { terms, statement }: Passenger,
    wereTogether: number,
    error: unknown,
  ): Promise<object[]> => {
    // What each can do about these depends on its own request, so each has one to itself.
    if (error instanceof ConditionError) throw new ConditionError();
    if (line.kind === 'write' && wereTogether > 0 && endedUnheard(error)) throw new OutcomeUnknownError(error);
    if (wereTogether === 1 && !mayRunAgain(error)) throw error;
    return runAlone(terms, statement);
  };

  return {
    join: (terms, statement, sharing) => {
      const { condition, deadline } = terms;
      // Whoever has so little time left that the server has to be told would delay all others.
      const isLate = deadline === null || deadline.remainingMs() < statementTimeoutMs - toleranceMs;
      if (condition === null || isLate || statement.values.length === 0) return runAlone(terms, statement);
      const line = lineOf(sharing === 'read' ? 'read' : 'write', condition);
      if (line.waiting.length >= mostWaiting) return Promise.reject(new OverloadedError());
      return new Promise((resolve) => {
        // The promise follows the one that it is resolved with, also where that is rejected.
        const locks = sharing === 'read' ? '' : sharing.locks;
        line.waiting.push({ terms: { condition, deadline }, statement, locks, settle: resolve });
        call(line);
      });
    },
  };
}

/** Takes those out of the line who go next; those whose time is over, or whose client is gone, do not go at all. */
function board(line: Line): Passenger[] {
  const passengers: Passenger[] = [];
  for (const passenger of line.waiting.splice(0, mostTogether)) {
    try {
      requireTimeToBegin(passenger.terms.deadline);
      passengers.push(passenger);
    } catch (error) {
      passenger.settle(Promise.reject(error instanceof Error ? error : new Error(String(error))));
    }
  }
  return line.kind === 'read' ? passengers : passengers.sort(byLock);
}

function byLock({ locks: one }: Passenger, { locks: other }: Passenger): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function leastTimeOf(passengers: readonly Passenger[]): number {
  return Math.min(...passengers.map(({ terms }) => terms.deadline.remainingMs()));
}
