import pg from 'pg';
import type { Sql } from 'sql-template-tag';

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
}

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
 * Server-side limits are set on every session, so that a process that freezes in the middle of a transaction cannot
 * hold others: a statement may take 30 s, a lock wait 10 s, an idle transaction 10 s.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    types,
    options: [
      'statement_timeout=30s',
      'lock_timeout=10s',
      'idle_in_transaction_session_timeout=10s',
      // Every statement is about one organization, so an index always serves. And a session keeps the plan of a foreign
      // key check: one made when the table had a single page would read the whole table for each row of the first big
      // sync (measured: 1,100 memberships among 20,000 users took 0.48 s of checks instead of 5 ms).
      'enable_seqscan=off',
    ]
      .map((setting) => `-c ${setting}`)
      .join(' '),
  });
  // Connections that end because the pool does are no news.
  pool.on('error', (error) => {
    if (!pool.ending) options.onIdleError(error);
  });

  async function runTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    const tx: Transaction = {
      inTransaction: true,
      async query<T extends object>(statement: Sql) {
        return (await client.query<T>(statement)).rows;
      },
    };
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(tx);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      // A connection that cannot even roll back is not given back to the pool.
      await client.query('ROLLBACK').catch((rollbackError: unknown) => {
        broken = rollbackError instanceof Error ? rollbackError : new Error(String(rollbackError));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  return {
    pool,
    query: <T extends object>(statement: Sql) => retryDeadlock(async () => (await pool.query<T>(statement)).rows),
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

/**
 * Whether `error` says that Postgres is away or refuses work for now (class 08, 53 and 57, or no connection at all),
 * so that the same request may succeed later.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(08|53|57)/.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && /^(ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ENOENT)/.test(code)) return true;
  return /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error/.test(
    error.message,
  );
}
