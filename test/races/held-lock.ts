import pg from 'pg';
import sql, { type Sql } from 'sql-template-tag';

/** How long a party may take to arrive at the lock; below the five seconds after which the service gives up waiting. */
const arriveWithinMs = 4_000;

/** Between two looks at who waits. */
const lookEveryMs = 3;

/** A lock that a session beside the service holds until the test lets go of it. */
export interface HeldLock {
  /**
   * Resolves when exactly so many sessions wait for this lock, directly or behind one another. This is the proof that
   * a race is forced: nobody is let go before Postgres itself says that the others have arrived and wait.
   *
   * @throws when they are not that many within four seconds
   */
  untilWaiting(sessions: number): Promise<void>;
  /** Resolves when the lock is held; only one that was asked for with `requestLock` may still be waited for. */
  readonly held: Promise<void>;
  /** Rolls back whatever the session has done, so that only its waiting is left of it. Safe to repeat. */
  release(): Promise<void>;
}

/** Sessions for holding locks, apart from those of the service and without its time limits. */
export function openLockSessions(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 6, application_name: 'race' });
  pool.on('error', () => undefined); // dropping the database ends idle connections
  return pool;
}

/** Takes a lock by a statement inside a transaction and keeps it. */
export async function holdLock(sessions: pg.Pool, statement: Sql): Promise<HeldLock> {
  const lock = await requestLock(sessions, statement);
  await lock.held;
  return lock;
}

/** Asks for a lock that somebody else still holds; it is held as soon as `held` resolves. */
export async function requestLock(sessions: pg.Pool, statement: Sql): Promise<HeldLock> {
  const client = await sessions.connect();
  await client.query('BEGIN');
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  const held = client.query(statement).then(() => undefined);
  held.catch(() => undefined); // whoever awaits it learns of it
  let released: Promise<void> | undefined;
  return {
    held,
    untilWaiting: (count) => untilWaitingFor(sessions, pid, count),
    release() {
      released ??= held
        .then(() => client.query('ROLLBACK'))
        .then(
          () => client.release(),
          () => client.release(true),
        );
      return released;
    },
  };
}

async function untilWaitingFor(sessions: pg.Pool, pid: number, count: number): Promise<void> {
  const deadline = Date.now() + arriveWithinMs;
  for (;;) {
    const waiting = await waitingFor(sessions, pid);
    if (waiting.length === count) return;
    if (Date.now() > deadline) {
      throw new Error(
        `The race was not forced: ${count} sessions ought to wait for the lock, but ${waiting.length} do:\n` +
          waiting.join('\n'),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

/** Beginnings of the statements that wait for `pid`, directly or behind others that do. */
async function waitingFor(sessions: pg.Pool, pid: number): Promise<string[]> {
  const { rows } = await sessions.query<{ query: string }>(sql`
    WITH RECURSIVE blocked AS MATERIALIZED (
      SELECT pid, pg_blocking_pids(pid) AS blockers, left(regexp_replace(query, '\\s+', ' ', 'g'), 120) AS query
      FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    ), behind AS (
      SELECT pid, query FROM blocked WHERE ${pid}::integer = ANY (blockers)
      UNION
      SELECT blocked.pid, blocked.query FROM blocked JOIN behind ON behind.pid = ANY (blocked.blockers)
    )
    SELECT query FROM behind`);
  return rows.map(({ query }) => query);
}

/**
 * Lets parties race: starts one after the other, each when the one before is seen waiting for the lock, and lets go when
 * all wait. Postgres grants a row lock in the order of arrival, so the order of starting is the order of winning, where
 * the parties exclude each other.
 *
 * @param alreadyWaiting how many wait for the lock before the first of these comes
 * @returns what each came to, in the given order
 */
export async function race<T>(
  lock: HeldLock,
  parties: readonly (() => Promise<T>)[],
  alreadyWaiting = 0,
): Promise<T[]> {
  const running: Promise<T>[] = [];
  try {
    for (const [index, party] of parties.entries()) {
      const outcome = party();
      outcome.catch(() => undefined); // awaited below, unless an earlier failure comes first
      running.push(outcome);
      await lock.untilWaiting(alreadyWaiting + index + 1);
    }
  } finally {
    await lock.release();
  }
  return Promise.all(running);
}
