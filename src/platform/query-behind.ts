import pg from 'pg';

/** A statement to be run ahead of another one. */
export interface CallAhead {
  /** Under which the server knows it, or is to know it from now on; empty: it is forgotten at once. */
  name: string;
  /** Null: the server knows it by its name. */
  text: string | null;
  values: readonly string[];
}

/** What pg's `Query` calls on a connection, and the connection on it; missing in the types of this version. */
interface Connection {
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly string[] }): void;
  execute(message: object): void;
}
interface Internals {
  prepare(connection: Connection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: Connection): void;
}
const internals = pg.Query.prototype as unknown as Internals;

/**
 * A statement behind others, in one message to the server and one transaction (extended query protocol: up to the Sync
 * at the end everything belongs together). Where one of those ahead fails, the server leaves out all that follows it.
 * What they answer is left aside.
 */
class QueryBehind extends pg.Query {
  readonly #ahead: readonly CallAhead[];
  #unanswered: number;

  constructor(ahead: readonly CallAhead[], query: pg.QueryConfig) {
    super(query);
    this.#ahead = ahead;
    this.#unanswered = ahead.length;
  }

  prepare(connection: Connection): void {
    for (const { name, text, values } of this.#ahead) {
      if (text !== null) connection.parse({ name, text });
      connection.bind({ statement: name, values });
      connection.execute({});
    }
    internals.prepare.call(this, connection);
  }

  handleDataRow(message: unknown): void {
    if (this.#unanswered === 0) internals.handleDataRow.call(this, message);
  }

  handleCommandComplete(message: unknown, connection: Connection): void {
    if (this.#unanswered > 0) this.#unanswered -= 1;
    else internals.handleCommandComplete.call(this, message, connection);
  }
}

/**
 * Runs `query` behind others.
 *
 * @param query has values, without which pg would send it as a message of another kind; and no name where one of those
 *   ahead is parsed with it, because pg takes the first answer to a Parse for its own
 * @param timeoutMs after which this side gives up
 */
export function queryBehind<Row extends object>(
  client: pg.PoolClient,
  ahead: readonly CallAhead[],
  query: pg.QueryConfig,
  timeoutMs: number,
): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const behind = Object.assign(new QueryBehind(ahead, query), {
      query_timeout: timeoutMs,
      callback: (error: Error | null | undefined, result?: pg.QueryResult) => {
        if (error != null) reject(error);
        else resolve((result?.rows ?? []) as Row[]);
      },
    });
    client.query(behind);
  });
}
