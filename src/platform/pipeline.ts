import pg from 'pg';
import { asError } from './errors.ts';
import type { KeptStatement, ReadRow } from './kept-statements.ts';

/** One statement of a pipeline. */
export interface Call {
  text: string;
  values: readonly unknown[];
  /** Under what name the server has it, or is to have it from now on; undefined: for this once. */
  kept: KeptStatement | undefined;
}

/** What is used of pg's connection; missing in the types of this version, as what it calls on a query is. */
interface Connection {
  stream: { cork(): void; uncork(): void };
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly Bound[] }): void;
  describe(message: { type: 'P'; name: '' }): void;
  execute(message: object): void;
  sync(): void;
  on(event: 'parseComplete', listener: () => void): void;
  off(event: 'parseComplete', listener: () => void): void;
}
interface Column {
  name: string;
  /** Of its type. */
  dataTypeID: number;
}
/** How pg reads values of a type. */
type ParserOf = (type: number) => (text: string) => unknown;
type Bound = string | Buffer | null;
const { utils } = pg as unknown as { utils: { prepareValue: (value: unknown) => Bound } };

/**
 * Statements in one message to the server and one transaction (extended query protocol: up to the Sync at the end
 * everything belongs together, and is committed then). Where one fails, the server leaves out all that follows it, and
 * undoes what came before.
 *
 * pg's own query asks for the columns each time; here that is asked once for a statement that the connection keeps.
 */
class Pipeline implements pg.Submittable {
  readonly #calls: readonly (Call & { bound: Bound[] })[];
  readonly #parserOf: ParserOf;
  readonly #answers: object[][] = [];
  #readRow: ReadRow | undefined;
  #failure: Error | undefined;
  #stopHearing = (): void => undefined;
  /** Read by pg, which gives up after so many milliseconds. */
  readonly query_timeout: number;
  callback: (error: Error | null, answers?: object[][]) => void;

  constructor(
    calls: readonly Call[],
    parserOf: ParserOf,
    timeoutMs: number,
    callback: (error: Error | null, answers?: object[][]) => void,
  ) {
    this.#calls = calls.map((call) => ({ ...call, bound: call.values.map((value) => utils.prepareValue(value)) }));
    this.#parserOf = parserOf;
    this.query_timeout = timeoutMs;
    this.callback = callback;
    this.#begin();
  }

  /** Shown to whoever looks at what a connection is asked. */
  get text(): string {
    return this.#calls.map(({ text }) => text).join(';\n');
  }

  submit(connection: pg.Connection): void {
    const to = connection as unknown as Connection;
    const parsing: (KeptStatement | undefined)[] = [];
    to.stream.cork();
    try {
      for (const { text, kept, bound } of this.#calls) {
        if (kept === undefined || !(kept.isKnown || parsing.includes(kept))) {
          to.parse({ name: kept?.name ?? '', text });
          parsing.push(kept);
        }
        to.bind({ statement: kept?.name ?? '', values: bound });
        if (kept?.readRow === undefined) to.describe({ type: 'P', name: '' });
        to.execute({});
      }
      to.sync();
    } finally {
      to.stream.uncork();
    }
    if (parsing.length > 0) this.#hearOf(parsing, to);
  }

  /** What the server has parsed it keeps, whatever becomes of the transaction; pg tells a query of it only by one name. */
  #hearOf(parsing: (KeptStatement | undefined)[], from: Connection): void {
    const onParsed = (): void => {
      const kept = parsing.shift();
      if (kept !== undefined) kept.isKnown = true;
    };
    from.on('parseComplete', onParsed);
    this.#stopHearing = () => from.off('parseComplete', onParsed);
  }

  handleRowDescription({ fields }: { fields: readonly Column[] }): void {
    this.#readRow = rowReader(fields, this.#parserOf);
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    try {
      if (this.#readRow === undefined) throw new Error('Postgres sent a row before its columns');
      this.#answers.at(-1)?.push(this.#readRow(fields));
    } catch (error) {
      // Thrown to pg it would end the process.
      this.#failure = asError(error);
    }
  }

  handleCommandComplete(): void {
    const kept = this.#calls[this.#answers.length - 1]?.kept;
    if (kept !== undefined) kept.readRow = this.#readRow ?? noRows;
    if (this.#answers.length < this.#calls.length) this.#begin();
  }

  /** What it did is committed, and so it has succeeded, only now. */
  handleReadyForQuery(): void {
    this.#stopHearing();
    if (this.#failure === undefined) this.callback(null, this.#answers);
    else this.callback(this.#failure);
  }

  handleError(error: Error): void {
    this.#stopHearing();
    this.callback(error);
  }

  // What no statement of ours leads to.
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}

  /** The rows of the next call are expected. */
  #begin(): void {
    this.#readRow = this.#calls[this.#answers.length]?.kept?.readRow;
    this.#answers.push([]);
  }
}

const noRows: ReadRow = () => ({});

function rowReader(columns: readonly Column[], parserOf: ParserOf): ReadRow {
  const readers = columns.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }));
  return (values) => {
    const row: Record<string, unknown> = {};
    for (const [index, { name, parse }] of readers.entries()) {
      const value = values[index] ?? null;
      row[name] = value === null ? null : parse(value);
    }
    return row;
  };
}

/**
 * Runs statements in one round trip and one transaction.
 *
 * @param calls at least one
 * @param timeoutMs after which this side gives up
 * @returns the rows of each
 */
export function runPipeline(client: pg.PoolClient, calls: readonly Call[], timeoutMs: number): Promise<object[][]> {
  return new Promise((resolve, reject) => {
    const types = client as unknown as { getTypeParser(type: number, format: 'text'): ReturnType<ParserOf> };
    const parserOf: ParserOf = (type) => types.getTypeParser(type, 'text');
    client.query(
      new Pipeline(calls, parserOf, timeoutMs, (error, answers = []) => {
        if (error === null) resolve(answers);
        else reject(error);
      }),
    );
  });
}
