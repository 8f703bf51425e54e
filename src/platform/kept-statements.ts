import pg from 'pg';

/**
 * Statements that a connection keeps parsed, and after some runs planned, under a name. Planning outweighs execution in
 * almost everything that a request does: the look-up of a token takes 0.4 ms to plan and 0.05 ms to run.
 *
 * A plan depends on how large the tables were. Postgres makes a new one when it has gathered statistics, which in the
 * first minutes of a new database, or of a large organization, is late: hence `arePlansOld`.
 *
 * Postgres decides after five runs whether one plan will do for all values, by what it expects of both, so a statement
 * whose plan depends on its values goes on being planned each time. A job says otherwise of its own (`lockJob`).
 */
export interface KeptStatements {
  /** `text` as it is kept; undefined: it is not, or not yet. */
  find(text: string): KeptStatement | undefined;
  /** The same for statements that are certain to come again: kept from their first run on. */
  keep(text: string): KeptStatement;
  /** The name of `text` may be known to somebody on the way and is not to the server: it is not used again. */
  forget(text: string): void;
  /**
   * Whether the plans are so old that they had better be made again, which `DISCARD PLANS` does; asked once, it is taken
   * for done.
   */
  arePlansOld(): boolean;
  /** So many are kept that the connection had better be replaced. */
  isFull(): boolean;
}

/** Makes a row of what the server sends of it, null or text, column by column. */
export type ReadRow = (values: readonly (string | null)[]) => object;

/** A statement that the server has, or is to have, under a name. */
export interface KeptStatement {
  readonly name: string;
  /** The server has it under this name; it keeps it whatever becomes of the transaction. Set by whoever hears of it. */
  isKnown: boolean;
  /** Makes rows of what it answers, once its columns were told; they stay the same for as long as the server keeps it. */
  readRow: ReadRow | undefined;
}

/**
 * A kept plan takes some tens of kilobytes of the server's memory for as long as the connection lives. The service has
 * fewer statements than that; what is over comes from the shapes that filters can have.
 */
const mostKept = 250;

/** Texts that ran once; those that never come again are not worth the memory. */
const mostSeenOnce = 500;

/** Longer ones grow with the request, as a statement for a bulk does, and do not come again. */
const longestText = 12_000;

/**
 * In which an initial sync adds some thousand rows. To plan everything anew takes a connection ten milliseconds, so a
 * thousandth of its time.
 */
const plansLastMs = 10_000;

const keptOn = new WeakMap<pg.PoolClient, KeptStatements>();

/** What `client` keeps. */
export function keptStatements(client: pg.PoolClient): KeptStatements {
  let kept = keptOn.get(client);
  if (kept === undefined) keptOn.set(client, (kept = keepStatements()));
  return kept;
}

function keepStatements(): KeptStatements {
  const kept = new Map<string, KeptStatement>();
  const seenOnce = new Set<string>();
  let named = 0;
  let plannedAt = performance.now();
  const add = (text: string): KeptStatement => {
    const statement = { name: `kept-${(named += 1)}`, isKnown: false, readRow: undefined };
    kept.set(text, statement);
    return statement;
  };
  return {
    find(text) {
      const statement = kept.get(text);
      if (statement !== undefined) return statement;
      if (kept.size >= mostKept || text.length > longestText) return undefined;
      if (seenOnce.delete(text)) return add(text);
      if (seenOnce.size >= mostSeenOnce) seenOnce.clear();
      seenOnce.add(text);
      return undefined;
    },
    keep: (text) => kept.get(text) ?? add(text),
    forget: (text) => void kept.delete(text),
    arePlansOld() {
      const now = performance.now();
      if (now - plannedAt < plansLastMs) return false;
      plannedAt = now;
      return kept.size > 0;
    },
    // Those that were forgotten count too: the server may have them.
    isFull: () => named >= mostKept,
  };
}

/**
 * Whether a statement failed only because it was kept: a migration has changed what it gives, or a pooler has lent us
 * another server than the one that keeps it. On a new connection it runs.
 */
export function isKeptPlanOutdated(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  // Invalid and duplicate name of a prepared statement; and a feature that is not supported, which has no code of its own.
  if (error.code === '26000' || error.code === '42P05') return true;
  return error.code === '0A000' && error.routine === 'RevalidateCachedQuery';
}
