import pg from 'pg';

/**
 * Statements that a connection keeps parsed, and after some runs planned, under a name. Planning outweighs execution in
 * almost everything that a request does: the look-up of a token takes 0.4 ms to plan and 0.05 ms to run.
 *
 * A plan depends on how large the tables were. Postgres makes a new one when it has gathered statistics, which in the
 * first minutes of a new database, or of a large organization, is late: hence `arePlansOld`.
 *
 * Postgres decides after five runs whether one plan will do for all values, by what it expects of both, so a statement
 * whose plan depends on its values goes on being planned each time.
 */
export interface KeptStatements {
  /** The name to run `text` under; undefined: it is not kept. */
  nameOf(text: string): string | undefined;
  /** What is kept of a text from its first run on, for statements that are sent ahead of others. */
  ahead(text: string): KeptAhead;
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

/** A statement that is sent ahead of others. */
export interface KeptAhead {
  name: string;
  /** The server has it under this name. Set by whoever has run it. */
  isKnown: boolean;
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
  const names = new Map<string, string>();
  const seenOnce = new Set<string>();
  const ahead = new Map<string, KeptAhead>();
  let named = 0;
  const freshName = (): string => `kept-${(named += 1)}`;
  let plannedAt = performance.now();
  return {
    nameOf(text) {
      const name = names.get(text);
      if (name !== undefined) return name;
      if (names.size >= mostKept || text.length > longestText) return undefined;
      if (!seenOnce.delete(text)) {
        if (seenOnce.size >= mostSeenOnce) seenOnce.clear();
        seenOnce.add(text);
        return undefined;
      }
      const fresh = freshName();
      names.set(text, fresh);
      return fresh;
    },
    ahead(text) {
      let known = ahead.get(text);
      if (known === undefined) ahead.set(text, (known = { name: freshName(), isKnown: false }));
      return known;
    },
    forget(text) {
      names.delete(text);
      ahead.delete(text);
    },
    arePlansOld() {
      const now = performance.now();
      if (now - plannedAt < plansLastMs) return false;
      plannedAt = now;
      return names.size + ahead.size > 0;
    },
    isFull: () => names.size >= mostKept,
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
