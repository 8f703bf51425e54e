import pg from 'pg';
import sql, { type Sql } from 'sql-template-tag';

/**
 * Something that runs one SQL statement. `T` names the row's shape, as the statement's column aliases give it.
 * Statements are built with `sql` from sql-template-tag, so values are always bound, never spliced.
 */
export interface Queryable {
  query<T extends object = Record<string, unknown>>(statement: Sql): Promise<T[]>;
}

/** A `Queryable` inside BEGIN ... COMMIT. Functions that write take one as their first argument. */
export interface Transaction extends Queryable {
  readonly inTransaction: true;
}

export interface Database extends Queryable {
  /**
   * Runs `work` in one READ COMMITTED transaction: commits when it resolves, rolls back when it throws. When Postgres
   * chose the transaction as the victim of a deadlock, it runs again: `work` must have no effect outside of `tx`.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
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
}

/** A request is answered within 10 s, whatever happens to Postgres. */
const defaultStatementTimeoutMs = 8_000;

/** How much later than the server this side gives up: when the network swallows everything, nobody else would. */
const readTimeoutMarginMs = 1_000;

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
  const { statementTimeoutMs = defaultStatementTimeoutMs } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    query_timeout: statementTimeoutMs + readTimeoutMarginMs,
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

  /**
   * Lends a connection. It is given back unless it is lost or in an unknown state; a statement that Postgres merely
   * refused leaves it as good as before.
   */
  async function lend<T>(work: (run: Queryable['query'], isBroken: () => boolean) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let broken: Error | undefined;
    // A lost connection is told twice: the query rejects, and there is this event, which would end the process unheard.
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    const run = async <Row extends object>(statement: Sql): Promise<Row[]> => {
      try {
        return (await client.query<Row>(statement)).rows;
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) broken ??= error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    };
    try {
      return await work(run, () => broken !== undefined);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  const runTransaction = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    lend(async (run, isBroken) => {
      await run(sql`BEGIN`);
      try {
        const result = await work({ inTransaction: true, query: run });
        await run(sql`COMMIT`);
        return result;
      } catch (error) {
        // On a connection that failed, ROLLBACK would only wait once more; the server rolls back when it ends.
        if (!isBroken()) await run(sql`ROLLBACK`).catch(() => undefined);
        throw error;
      }
    });

  return {
    pool,
    query: <T extends object>(statement: Sql) => retryDeadlock(() => lend((run) => run<T>(statement))),
    transaction: (work) => retryDeadlock(() => runTransaction(work)),
    close: () => pool.end(),
  };
}

/** Deadlocks are rare here (locks are taken in one order); three tries in a row would be a design fault worth seeing. */
const deadlockTries = 3;

async function retryDeadlock<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const rolledBack = error instanceof pg.DatabaseError && (error.code === '40P01' || error.code === '40001');
      if (!rolledBack || attempt === deadlockTries) throw error;
    }
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

/** Connection (class 08), resources (53), shutdown and recovery (57P0x). */
const awaySqlState = /^(08|53|57P)/;

const awayCode = /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ENOENT|EHOSTUNREACH|ENETUNREACH)/;

const awayMessage =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|connection error|pool after calling end/;

/** Whether `error` says that Postgres cannot be reached, or takes no work at all for now. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return awaySqlState.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && awayCode.test(code)) || awayMessage.test(error.message);
}

/** Statement timeout, lock timeout, deadlock, serialization failure, idle transaction ended. */
const busySqlStates = new Set(['57014', '55P03', '40P01', '40001', '25P03']);

/** Whether the same request may succeed when it is repeated: Postgres is away, or was too busy with others. */
export function isTemporary(error: unknown): boolean {
  return isDatabaseAway(error) || (error instanceof pg.DatabaseError && busySqlStates.has(error.code ?? ''));
}
