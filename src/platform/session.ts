import type { Socket } from 'node:net';
import type pg from 'pg';
import type { Sql } from 'sql-template-tag';
import { endsSession } from './database-errors.ts';
import { requireTime, type Deadline } from './deadline.ts';
import { asError } from './errors.ts';
import { isKeptPlanOutdated, keptStatements } from './kept-statements.ts';
import { runPipeline, type Call } from './pipeline.ts';

/** One connection while it is lent out, and how long its statements may take. */
export interface Session {
  /** Opens a transaction in which no statement outlives the deadline; it may be sent with the first statement only. */
  begin(): Promise<void>;
  /** Runs one statement, which the server ends at the deadline. */
  run<Row extends object>(statement: Sql): Promise<Row[]>;
  /**
   * Runs several of a transaction in one round trip, each with a snapshot of its own, as if one came after the other. Where
   * one fails, those behind it are not run. The server gives each the time that it would have alone, so with a deadline they
   * do go one after the other.
   *
   * @param statements at least one
   * @returns the rows of each
   */
  runInOrder(statements: readonly Statement[]): Promise<object[][]>;
  /**
   * Runs several, outside of a transaction, in one that is theirs: all are done or none.
   *
   * @param before goes ahead of them all, behind the condition, and says how long each may take
   * @param statements with values each
   * @returns the rows of each
   */
  runTogether(before: Ahead, statements: readonly Statement[]): Promise<object[][]>;
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

/** A statement as Postgres takes it. */
export type Statement = Pick<Sql, 'text' | 'values'>;

/** One to be sent ahead of others in the same round trip; it comes again and again. */
export interface Ahead extends Statement {
  readonly values: string[];
}

/** On which a connection is lent. */
export interface Terms {
  /** Of the work; null: only the limits of every session hold. */
  deadline: Deadline | null;
  /** Runs ahead of the first statement, in the same transaction; where it fails, so does that. */
  condition: Ahead | null;
}

export function sessionOn(client: pg.PoolClient, options: SessionOptions, { deadline, condition }: Terms): Session {
  let serverLimitMs = sessionLimitMs.get(client) ?? options.statementTimeoutMs;
  let broken: Error | undefined;
  // A lost connection is told twice: the query rejects, and there is this event, which would end the process unheard.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  const kept = options.preparedStatements ? keptStatements(client) : undefined;

  const guarded = async <T>(query: () => Promise<T>): Promise<T> => {
    try {
      return await query();
    } catch (error) {
      if (endsSession(error) || isKeptPlanOutdated(error)) broken ??= asError(error);
      throw error;
    }
  };
  /** @param statements how many of them may each take as long as the server lets them */
  const timeoutMs = (statements = 1): number => Math.max(1, Math.ceil(waitMs(statements)));

  /** Sends what has no values: it may be several statements, which go by themselves. */
  const sendText = async <Row extends object>(text: string, query_timeout = timeoutMs()): Promise<Row[]> => {
    // `query_timeout` is missing in the types of this version.
    const query = { text, query_timeout };
    return guarded(async () => (await client.query<Row>(query)).rows);
  };

  /** What still has to run before the next statement. */
  let ahead: readonly Ahead[] = condition === null ? [] : [condition];

  const sendCalls = async (calls: readonly Call[], giveUpMs = timeoutMs()): Promise<object[][]> => {
    try {
      return await guarded(() => runPipeline(client, calls, giveUpMs));
    } catch (error) {
      // After the one that failed the server has read nothing.
      for (const { text, kept: statement } of calls) if (statement?.isKnown === false) kept?.forget(text);
      throw error;
    }
  };

  /** Sends statements behind what is ahead of them, in one message. @returns the rows of each of `statements` */
  const sendBehind = async (statements: readonly Statement[], giveUpMs?: number): Promise<object[][]> => {
    const before = ahead;
    ahead = [];
    const calls = [
      ...before.map(({ text, values }) => ({ text, values, kept: kept?.keep(text) })),
      ...statements.map(({ text, values }) => ({ text, values, kept: kept?.find(text) })),
    ];
    const answers = await sendCalls(calls, giveUpMs);
    return answers.slice(before.length);
  };

  /** Runs what is ahead by itself. */
  const sendAhead = async (): Promise<void> => {
    const statements = ahead;
    ahead = [];
    for (const { text, values } of statements) {
      if (values.length === 0) await sendText(text);
      else await sendCalls([{ text, values, kept: kept?.keep(text) }]);
    }
  };

  const waitMs = (statements: number): number => {
    const untilServerEnds = statements * serverLimitMs + readMarginMs.withoutDeadline;
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

  /** Before a statement: how long it may take is told to the server where that has changed, and old plans are dropped. */
  const prepare = async (limitMs: number | undefined): Promise<void> => {
    if (limitMs !== undefined) {
      if (inTransaction) await sendAhead();
      await sendText(`SET ${inTransaction ? 'LOCAL' : 'SESSION'} statement_timeout = ${limitMs}`);
      if (!inTransaction) sessionLimitMs.set(client, limitMs);
    }
    if (!inTransaction && kept?.arePlansOld() === true) await sendText('DISCARD PLANS');
  };

  const run = async <Row extends object>(statement: Statement): Promise<Row[]> => {
    // What a session is told outside of a transaction would, behind a pooler, be told to somebody else's too.
    await prepare(inTransaction || options.preparedStatements ? bound() : undefined);
    if (statement.values.length === 0) {
      await sendAhead();
      return sendText<Row>(statement.text);
    }
    const [rows = []] = await sendBehind([statement]);
    return rows as Row[];
  };

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
      await sendText(`${arePlansOld ? 'DISCARD PLANS; ' : ''}BEGIN${limit}`);
    },
    run,
    runInOrder: async (statements) => {
      if (deadline !== null) {
        const answers: object[][] = [];
        for (const statement of statements) answers.push(await run(statement));
        return answers;
      }
      await prepare(bound());
      return sendBehind(statements, timeoutMs(statements.length));
    },
    runTogether: async (before, statements) => {
      requireTime(deadline);
      // Whoever had little time before left this session so; here each is told its time by what goes ahead.
      const isShortened = options.preparedStatements && serverLimitMs < options.statementTimeoutMs;
      if (isShortened) serverLimitMs = options.statementTimeoutMs;
      await prepare(isShortened ? serverLimitMs : undefined);
      ahead = [...ahead, before];
      return sendBehind(statements);
    },
    end: async (how) => {
      if (ahead.includes(begin)) return;
      // ROLLBACK never waits for the deadline: there is nothing that it could wait for.
      if (how === 'COMMIT') {
        const limitMs = bound();
        if (limitMs !== undefined) await sendText(`SET LOCAL statement_timeout = ${limitMs}`);
      }
      await sendText(how, how === 'COMMIT' ? timeoutMs() : rollbackMs);
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
