import pg from 'pg';

/** A statement that this connection keeps, with its values as text. */
export interface KeptCall {
  name: string;
  values: readonly string[];
}

/** What pg's `Query` calls on a connection, and the connection on it; missing in the types of this version. */
interface Connection {
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
  readonly #ahead: readonly KeptCall[];
  #unanswered: number;

  constructor(ahead: readonly KeptCall[], query: pg.QueryConfig) {
    super(query);
    this.#ahead = ahead;
    this.#unanswered = ahead.length;
  }

  prepare(connection: Connection): void {
    for (const { name, values } of this.#ahead) {
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
 * Runs `query`, which has values, behind statements that the connection keeps already.
 *
 * @param timeoutMs after which this side gives up
 */
export function queryBehind<Row extends object>(
  client: pg.PoolClient,
  ahead: readonly KeptCall[],
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
