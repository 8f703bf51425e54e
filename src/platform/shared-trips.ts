import type { Sql } from 'sql-template-tag';
import {
  ConditionError,
  endedUnheard,
  mayRunAgain,
  mostWaiting,
  OutcomeUnknownError,
  OverloadedError,
} from './database-errors.ts';
import { OutOfTimeError, type Deadline } from './deadline.ts';
import { asError } from './errors.ts';
import type { Ahead, Session, Terms } from './session.ts';

/**
 * That a statement may go together with those of others: it touches a few rows that an index finds, and all it does is in
 * its answer. Reads go with reads, so that none waits for a commit.
 *
 * A write names the resource that it locks, by its id. Those that go together lock in the order of these, as everybody does
 * who locks several. It must be one that cannot be done twice (it leaves an entry whose id was made for the request), as
 * any write of which the commit may go unheard.
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
  readonly waiting: Passenger[];
  /** On their way, those aside that take too long, and how many statements they carry. */
  trips: number;
  carried: number;
  isCalled: boolean;
  /** By the clock of `performance.now()`; who comes before that goes by itself. */
  partedUntil: number;
}

/** Whatever there is at once under one condition needs no more: it is one organization's. */
const mostTripsOfLine = 2;

/** What a trip takes along; that many statements take Postgres some ten milliseconds. */
const mostTogether = 32;

/**
 * A write waits beside a trip that is on its way until so many, of those that it carries, wait with it. Else who happens to
 * come first would go alone again and again, with a commit to itself, and the others wait for that.
 */
const leastShareOfWrites = 1 / 2;

/** A trip that takes longer, because it waits for somebody's lock, keeps nobody waiting who is not on it. */
const stuckAfterMs = 100;

/** Whoever has less time left goes alone: the trip would have to be given up for all when that is over. */
const leastTimeMs = 2_000;

/** After one has failed, which is dear for the others, as the next ones may fail too: somebody sends all that is there anew. */
const partedForMs = 1_000;

/** None of those that go together waits longer for a lock, or takes longer at all; else each goes by itself. */
const amongOthers: Ahead = {
  text: `SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true)`,
  values: ['200ms', '1s'],
};

/**
 * Statements of several requests in one round trip and one transaction. While two trips are on their way those who come wait,
 * writes also while one is, until half as many are there as it carries, and then go together: the message, the condition, the
 * transaction and, of writes, the commit are there once for all. A statement that comes alone goes at once. (Postgres calls
 * the last part group commit; what is saved here is mostly around the statements.)
 *
 * Together go those under one condition, in the time of whoever has least. Where one of them fails, nothing of all is
 * done, and each goes by itself, so that nobody learns of another. Where the connection is lost, or the time of one is over
 * on the way, nobody knows of any of the writes. All this is about cost only.
 */
export interface SharedTrips {
  join(terms: Terms, statement: Sql, sharing: Sharing): Promise<object[]>;
}

export function sharedTrips(options: {
  lend: <T>(terms: Terms, work: (session: Session) => Promise<T>) => Promise<T>;
  runAlone: (terms: Terms, statement: Sql) => Promise<object[]>;
}): SharedTrips {
  const { lend, runAlone } = options;
  const lines = { read: new WeakMap<Ahead, Line>(), write: new WeakMap<Ahead, Line>() };

  const lineOf = (kind: Line['kind'], condition: Ahead): Line => {
    let line = lines[kind].get(condition);
    if (line === undefined) {
      line = { kind, condition, waiting: [], trips: 0, carried: 0, isCalled: false, partedUntil: -Infinity };
      lines[kind].set(condition, line);
    }
    return line;
  };

  /** Sends for the line, once all that has just arrived is in it. */
  const call = (line: Line): void => {
    if (line.isCalled || line.trips >= mostTripsOfLine || line.waiting.length < leastOf(line)) return;
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
      if (!isCounted) return;
      isCounted = false;
      line.trips -= 1;
      line.carried -= passengers.length;
    };
    let stuck: NodeJS.Timeout | undefined;
    let passengers: Passenger[] = [];
    const deadline: Deadline = {
      remainingMs: () => leastTimeOf(passengers.length > 0 ? passengers : line.waiting),
      isAbandoned: () => false,
    };
    try {
      const answers = await lend({ condition: line.condition, deadline }, async (session) => {
        passengers = board(line);
        line.carried += passengers.length;
        const [first] = passengers;
        if (first === undefined) return [];
        stuck = setTimeout(() => {
          uncount();
          call(line);
        }, stuckAfterMs);
        return passengers.length === 1
          ? [await session.run(first.statement)]
          : session.runTogether(amongOthers, statementsOf(passengers));
      });
      for (const [index, { settle }] of passengers.entries()) settle(Promise.resolve(answers[index] ?? []));
    } catch (error) {
      if (passengers.length > 0) settleFailed(line, passengers, error);
      // They waited for a connection, and the time of one of them is over: the others go on waiting.
      else if (error instanceof OutOfTimeError) leaveBehind(line);
      // Why there is no connection, everybody who waits for one learns from a try of their own.
      else for (const { terms, statement, settle } of line.waiting.splice(0)) settle(runAlone(terms, statement));
    } finally {
      clearTimeout(stuck);
      uncount();
    }
  };

  const settleFailed = (line: Line, passengers: readonly Passenger[], error: unknown): void => {
    const isUnheard = endedUnheard(error);
    const isDoneAnew = line.kind === 'read' ? passengers.length > 1 || isUnheard : passengers.length > 1 && !isUnheard;
    if (passengers.length > 1 && !(error instanceof ConditionError)) line.partedUntil = performance.now() + partedForMs;
    for (const { terms, statement, settle } of passengers) {
      // What each can do about these depends on its own request, so each has one to itself.
      if (error instanceof ConditionError) settle(Promise.reject(new ConditionError()));
      else if (isDoneAnew || mayRunAgain(error)) settle(runAlone(terms, statement));
      else settle(Promise.reject(isUnheard ? new OutcomeUnknownError(error) : asError(error)));
    }
  };

  /** Out of the line goes who has little time, to be done alone while there is some. */
  const board = (line: Line): Passenger[] => {
    leaveBehind(line);
    const passengers = line.waiting.splice(0, mostTogether);
    return line.kind === 'read' ? passengers : passengers.sort(byLock);
  };

  const leaveBehind = (line: Line): void => {
    for (const passenger of line.waiting.splice(0)) {
      const { terms, statement, settle } = passenger;
      // Asked once: time passes.
      if (hasTime(terms.deadline)) line.waiting.push(passenger);
      else settle(runAlone(terms, statement));
    }
  };

  return {
    join: (terms, statement, sharing) => {
      const { condition, deadline } = terms;
      const mayShare = condition !== null && deadline !== null && hasTime(deadline) && statement.values.length > 0;
      if (!mayShare) return runAlone(terms, statement);
      const line = lineOf(sharing === 'read' ? 'read' : 'write', condition);
      if (performance.now() < line.partedUntil) return runAlone(terms, statement);
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

/** How many have to wait for a trip to begin. */
function leastOf({ kind, carried }: Line): number {
  return kind === 'read' ? 1 : Math.max(1, carried * leastShareOfWrites);
}

/** Also of somebody whose client has gone there is nothing to be sent. */
function hasTime(deadline: Deadline): boolean {
  return !deadline.isAbandoned() && deadline.remainingMs() >= leastTimeMs;
}

function statementsOf(passengers: readonly Passenger[]): Sql[] {
  return passengers.map(({ statement }) => statement);
}

function byLock({ locks: one }: Passenger, { locks: other }: Passenger): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function leastTimeOf(passengers: readonly Passenger[]): number {
  return Math.min(...passengers.map(({ terms }) => terms.deadline.remainingMs()));
}
