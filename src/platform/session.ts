import type { Socket } from 'node:net';
import pg from 'pg';
import type { Sql } from 'sql-template-tag';
import { requireTime, type Deadline } from './deadline.ts';
import { isKeptPlanOutdated, keptStatements } from './kept-statements.ts';
import { queryBehind } from './query-behind.ts';

/** One connection while it is lent out, and how long its statements may take. */
export interface Session {
  /** Opens a transaction in which no statement outlives the deadline; it may be sent with the first statement only. */
  begin(): Promise<void>;
  /** Runs one statement, which the server ends at the deadline. */
  run<Row extends object>(statement: Sql): Promise<Row[]>;
  /** Ends the transaction. One that was not even begun, as no statement followed, costs nothing. */
  end(how: 'COMMIT' | 'ROLLBACK'): Promise<void>;
  /** Whether the connection is lost, or in a state that nobody knows. */
  isBroken(): boolean;
  /** Back to the pool, or closed when it is broken. */
  release(): void;
}

export interface SessionOptions {
  /** What the server allows a statement of this session unless it is told otherwise. */
  statementTimeoutMs: number;
  /** Whether statements that come again are kept by the server. False: a pooler may change sessions between transactions. */
  preparedStatements: boolean;
}

/**
 * A statement may end so much after its deadline. Less would cost a round trip before each statement: what the server
 * was told at the beginning of a transaction holds for as long as it is not off by more.
 */
const toleranceMs = 250;

/**
 * How much later than the server this side gives up: when the network swallows everything, nobody else would. Who waits
 * for an answer has no more to spare.
 */
const readMarginMs = { withoutDeadline: 1_000, withDeadline: 250 };

/** ROLLBACK has nothing to wait for; a connection on which it takes longer is closed, which has the same effect. */
const rollbackMs = 500;

/**
 * What the sessions were told that are not at their configured limit any more. A single statement with little time left
 * has its session's limit changed, and whoever has the connection next changes it again: a round trip for those who are
 * late and none for the others, while a transaction around the statement would cost two each time.
 */
const sessionLimitMs = new WeakMap<pg.PoolClient, number>();

const begin: Ahead = { text: 'BEGIN', values: [] };

/** A statement whose values are text, to be sent ahead of another one in the same round trip. */
export interface Ahead {
  text: string;
  values: readonly string[];
}

/**
 * @param deadline of the work that the connection is lent for; null: only the limits of every session hold
 * @param condition runs ahead of the first statement, in the same transaction; where it fails, so does that
 */
export function sessionOn(
  client: pg.PoolClient,
  options: SessionOptions,
  deadline: Deadline | null,
  condition: Ahead | null = null,
): Session {
  let serverLimitMs = sessionLimitMs.get(client) ?? options.statementTimeoutMs;
  let broken: Error | undefined;
  // A lost connection is told twice: the query rejects, and there is this event, which would end the process unheard.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const kept = options.preparedStatements ? keptStatements(client) : undefined;

  const send = async <Row extends object>(
    statement: Pick<Sql, 'text' | 'values'> | string,
    waitMs: number,
  ): Promise<Row[]> => {
    const text = typeof statement === 'string' ? statement : statement.text;
    const values = typeof statement === 'string' ? [] : statement.values;
    // `query_timeout` is missing in the types of this version.
    const query = { text, values, query_timeout: Math.max(1, Math.ceil(waitMs)) };
    // What has no values may be several statements, which cannot be kept.
    const name = values.length > 0 ? kept?.nameOf(text) : undefined;
    return guarded(async () => (await client.query<Row>(name === undefined ? query : { ...query, name })).rows);
  };
  const guarded = async <T>(query: () => Promise<T>): Promise<T> => {
    try {
      return await query();
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || isKeptPlanOutdated(error))
        broken ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  };

  /** What still has to run before the next statement. */
  let ahead: Ahead[] = condition === null ? [] : [condition];

  /** Runs `statement` behind what is ahead of it, in one message. */
  const sendBehind = async <Row extends object>({ text, values }: Sql): Promise<Row[]> => {
    // What has no values may be several statements, which only go by themselves.
    if (values.length === 0) {
      await sendAhead();
      return send(text, waitMs());
    }
    const before = ahead.map((one) => ({ ...one, kept: kept?.ahead(one.text) }));
    const areKnown = before.every((one) => one.kept?.isKnown === true);
    // Not before those ahead have one, see `queryBehind`.
    const name = areKnown ? kept?.nameOf(text) : undefined;
    const calls = before.map((one) => ({
      name: one.kept?.name ?? '',
      text: one.kept?.isKnown === true ? null : one.text,
      values: one.values,
    }));
    ahead = [];
    const query = { text, values, ...(name !== undefined && { name }) };
    try {
      const rows = await guarded(() => queryBehind<Row>(client, calls, query, Math.max(1, Math.ceil(waitMs()))));
      for (const one of before) if (one.kept !== undefined) one.kept.isKnown = true;
      return rows;
    } catch (error) {
      // After the one that failed the server has read nothing; how far it came is not worth finding out.
      if (name !== undefined) kept?.forget(text);
      if (!areKnown) for (const one of before) kept?.forget(one.text);
      throw error;
    }
  };
  /** Runs what is ahead by itself. */
  const sendAhead = async (): Promise<void> => {
    const statements = ahead;
    ahead = [];
    for (const { text, values } of statements) await send({ text, values: [...values] }, waitMs());
  };

  const waitMs = (): number => {
    const untilServerEnds = serverLimitMs + readMarginMs.withoutDeadline;
    if (deadline === null) return untilServerEnds;
    return Math.min(untilServerEnds, deadline.remainingMs() + toleranceMs + readMarginMs.withDeadline);
  };

  /** Whether the server would end a statement much too late or, after somebody who had less time, much too early. */
  const bound = (): number | undefined => {
    requireTime(deadline);
    const wantedMs = Math.min(options.statementTimeoutMs, Math.max(1, Math.ceil(deadline?.remainingMs() ?? Infinity)));
    if (Math.abs(serverLimitMs - wantedMs) <= toleranceMs) return undefined;
    serverLimitMs = wantedMs;
    return wantedMs;
  };

  let inTransaction = false;
  return {
    begin: async () => {
      const limitMs = bound();
      const arePlansOld = kept?.arePlansOld() === true;
      inTransaction = true;
      if (limitMs === undefined && !arePlansOld && kept !== undefined) {
        ahead = [begin, ...ahead];
        return;
      }
      const limit = limitMs === undefined ? '' : `; SET LOCAL statement_timeout = ${limitMs}`;
      await send(`${arePlansOld ? 'DISCARD PLANS; ' : ''}BEGIN${limit}`, waitMs());
    },
    run: async (statement) => {
      // What a session is told outside of a transaction would, behind a pooler, be told to somebody else's too.
      const limitMs = inTransaction || options.preparedStatements ? bound() : undefined;
      if (limitMs !== undefined) {
        if (inTransaction) await sendAhead();
        await send(`SET ${inTransaction ? 'LOCAL' : 'SESSION'} statement_timeout = ${limitMs}`, waitMs());
        if (!inTransaction) sessionLimitMs.set(client, limitMs);
      }
      if (!inTransaction && kept?.arePlansOld() === true) await send('DISCARD PLANS', waitMs());
      return ahead.length > 0 ? sendBehind(statement) : send(statement, waitMs());
    },
    end: async (how) => {
      if (ahead.includes(begin)) return;
      // ROLLBACK never waits for the deadline: there is nothing that it could wait for.
      if (how === 'COMMIT') {
        const limitMs = bound();
        if (limitMs !== undefined) await send(`SET LOCAL statement_timeout = ${limitMs}`, waitMs());
      }
      await send(how, how === 'COMMIT' ? waitMs() : rollbackMs);
    },
    isBroken: () => broken !== undefined,
    release: () => {
      client.off('error', onError);
      if (broken !== undefined) reset(client);
      client.release(broken ?? kept?.isFull() ?? false);
    },
  };
}

/**
 * Closes at once, and has the system forget what it has not delivered yet: a COMMIT that is still on its way when we
 * stop waiting for it must not arrive minutes later, when the network heals.
 */
function reset(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  try {
    stream.resetAndDestroy();
  } catch {
    // TLS and Unix sockets cannot be reset.
    stream.destroy();
  }
}
