import pg from 'pg';
import sql, { type Sql } from 'sql-template-tag';
import { inTime, requireTimeToBegin, type Deadline } from './deadline.ts';
import {
  ConditionError,
  endedUnheard,
  isConditionRefused,
  mayRunAgain,
  mostWaiting,
  OutcomeUnknownError,
  OverloadedError,
} from './database-errors.ts';
import { sessionOn, type Ahead, type Session, type Terms } from './session.ts';
import { sharedTrips, type Sharing } from './shared-trips.ts';

/**
 * Something that runs one SQL statement. `T` names the row's shape, as the statement's column aliases give it.
 * Statements are built with `sql` from sql-template-tag, so values are always bound, never spliced.
 */
export interface Queryable {
  /** @param sharing that the statement may go together with those of others; left out: it goes by itself */
  query<T extends object = Record<string, unknown>>(statement: Sql, sharing?: Sharing): Promise<T[]>;
}

/** A `Queryable` inside BEGIN ... COMMIT. Functions that write take one as their first argument. */
export interface Transaction extends Queryable {
  readonly inTransaction: true;
  /**
   * Runs statements in one round trip, as if one came after the other: each sees what those before it have done, and what
   * others had committed when it began. Where one fails, those behind it are not run.
   *
   * Work that has a deadline has each by itself, so that none outlives it.
   *
   * @param statements at least one
   * @returns the rows of each
   */
  queryInOrder<Rows extends object[]>(statements: { [K in keyof Rows]: Sql }): Promise<{
    [K in keyof Rows]: Rows[K][];
  }>;
}

export interface Database extends Queryable {
  /**
   * Runs `work` in one READ COMMITTED transaction: commits when it resolves, rolls back when it throws. When Postgres
   * chose the transaction as the victim of a deadlock, or a statement that was kept is not valid any more, it runs again:
   * `work` must have no effect outside of `tx`.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The same database for work that has a deadline: nothing begins after it, waiting for a connection ends with it, and
   * the server ends a statement that reaches it (all within a quarter of a second). Nothing is committed later.
   *
   * A write that went together with those of others (`Sharing`) may be committed after its deadline, if it was given up on
   * the way; then it is an OutcomeUnknownError.
   *
   * Its methods throw OutOfTimeError, or AbandonedError when nobody wants the outcome any more before the transaction
   * has begun.
   */
  within(deadline: Deadline): Database;
  /**
   * The same database for work that may be done only while `condition` holds: each statement, and the first one of each
   * transaction, has it checked ahead, in the same transaction and the same round trip.
   *
   * Its methods throw ConditionError when it does not hold; then nothing was done.
   */
  provided(condition: Condition): Database;
  /** The pool below, for BullMQ and LISTEN only. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Upper bound of connections of this process. */
  maxConnections: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Called for errors of idle connections; without a listener they would end the process. */
  onIdleError: (error: Error) => void;
  /** How long one statement may take, in milliseconds. */
  statementTimeoutMs?: number;
  /** False: no statement is kept by the server, for a pooler that lends another server to each transaction. */
  preparedStatements?: boolean;
}

/** A request is answered within 10 s, whatever happens to Postgres. */
const defaultStatementTimeoutMs = 8_000;

/**
 * Connections that stay open however long nothing is asked: what comes after a pause would wait for a new one, which takes
 * Postgres ten milliseconds, and a hundred where it is busy. More are closed after ten seconds without use.
 */
const keptOpen = 4;

// int8 (counts) as number: every count here is far below 2^53.
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (oid === pg.types.builtins.INT8 && format !== 'binary') return Number;
    return pg.types.getTypeParser(oid, format) as (value: string | Buffer) => unknown;
  },
};

/**
 * Opens a pool. Nothing connects until the first query.
 *
 * Limits are set on the server side of every session, so that a process that freezes in the middle of a transaction
 * cannot hold others for longer than ten seconds.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const { statementTimeoutMs = defaultStatementTimeoutMs, preparedStatements = true } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    min: keptOpen,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // What lies still for minutes is dropped by some networks without a word.
    keepAliveInitialDelayMillis: 10_000,
    types,
    options: [
      `statement_timeout=${statementTimeoutMs}`,
      'lock_timeout=5s',
      'idle_in_transaction_session_timeout=10s',
      // Every statement is about one organization, so an index always serves. And a session keeps the plan of a foreign
      // key check: one made when the table had a single page would read the whole table for each row of the first big
      // sync (measured: 1,100 memberships among 20,000 users took 0.48 s of checks instead of 5 ms).
      'enable_seqscan=off',
      // Before version 18 a plan without an index counts as enormously dear, which would have it compiled first.
      'jit=off',
    ]
      .map((setting) => `-c ${setting}`)
      .join(' '),
  });
  // Connections that end because the pool does are no news.
  pool.on('error', (error) => {
    if (!pool.ending) options.onIdleError(error);
  });
  // A server that ends a session in the moment it has opened it is heard before whoever gets the connection listens, and
  // an error that nobody listens for ends the process. The first statement on it fails, which tells enough.
  pool.on('connect', (client) => client.on('error', () => undefined));

  async function connect(deadline: Deadline | null): Promise<pg.PoolClient> {
    // Whoever is this far back would only wait in vain; and what waits is memory.
    if (pool.waitingCount >= mostWaiting) throw new OverloadedError();
    // One that is idle, and that nobody before us waits for, is here at once.
    const isAtHand = pool.idleCount > pool.waitingCount;
    const connected = pool.connect();
    return isAtHand ? connected : inTime(connected, deadline, (client) => client.release());
  }

  /** Lends a connection. A statement that Postgres merely refused leaves it as good as before. */
  async function lend<T>(terms: Terms, work: (session: Session) => Promise<T>): Promise<T> {
    const { deadline } = terms;
    requireTimeToBegin(deadline);
    const client = await connect(deadline);
    const session = sessionOn(client, { statementTimeoutMs, preparedStatements }, terms);
    try {
      // Here and not before: most of the time that a request waits, it waits for its turn.
      requireTimeToBegin(deadline);
      return await work(session);
    } catch (error) {
      throw isConditionRefused(error) ? new ConditionError() : error;
    } finally {
      session.release();
    }
  }

  const runTransaction = <T>(terms: Terms, work: (tx: Transaction) => Promise<T>): Promise<T> =>
    lend(terms, async (session) => {
      await session.begin();
      try {
        const result = await work({
          inTransaction: true,
          query: (statement) => session.run(statement),
          queryInOrder: <Rows extends object[]>(statements: { [K in keyof Rows]: Sql }) =>
            session.runInOrder(statements) as Promise<{ [K in keyof Rows]: Rows[K][] }>,
        });
        await session.end('COMMIT').catch((error: unknown) => {
          throw endedUnheard(error) ? new OutcomeUnknownError(error) : error;
        });
        return result;
      } catch (error) {
        // On a connection that failed, ROLLBACK would only wait once more; the server rolls back when it ends.
        if (!session.isBroken()) await session.end('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });

  const runStatement = <T extends object>(terms: Terms, statement: Sql): Promise<T[]> =>
    lend(terms, (session) =>
      session.run<T>(statement).catch((error: unknown) => {
        throw endedUnheard(error) && mayWrite.test(statement.text) ? new OutcomeUnknownError(error) : error;
      }),
    );
  const runAlone = <T extends object>(terms: Terms, statement: Sql): Promise<T[]> =>
    retryDeadlock(() => runStatement(terms, statement));

  const trips = sharedTrips({ lend, runAlone });

  const databaseOn = (terms: Terms): Database => ({
    pool,
    query: <T extends object>(statement: Sql, sharing?: Sharing) =>
      sharing === undefined ? runAlone<T>(terms, statement) : (trips.join(terms, statement, sharing) as Promise<T[]>),
    transaction: (work) => retryDeadlock(() => runTransaction(terms, work)),
    within: (deadline) => databaseOn({ ...terms, deadline }),
    provided: (condition) => databaseOn({ ...terms, condition }),
    close: () => pool.end(),
  });
  return databaseOn({ deadline: null, condition: null });
}

/** Something that has to hold for work to be done, ready to be sent ahead of statements. */
export type Condition = Ahead;

/** @param holds a boolean SQL expression whose values are text */
export function condition(holds: Sql): Condition {
  const { text, values } = sql`SELECT require_true(${holds})`;
  return { text, values: values.map(String) };
}

/** A single statement commits by itself; one that only reads leaves nothing to be unsure of. */
const mayWrite = /\b(INSERT|UPDATE|DELETE)\b/;

/** Deadlocks are rare here (locks are taken in one order); three tries in a row would be a design fault worth seeing. */
const deadlockTries = 3;

async function retryDeadlock<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!mayRunAgain(error) || attempt === deadlockTries) throw error;
    }
  }
}
