/**
 * The database's clock, told without asking: it is the one clock that all processes share, so entries whose ids are made
 * here stand in one order with those that are made in SQL.
 */
export interface DatabaseClock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * What the database has said.
   *
   * @param at its time, to the millisecond, at some moment between the other two
   * @param askedAt when it was asked, and `heardAt` when the answer was here, by the clock of `performance.now()`
   */
  observe(at: Date, askedAt: number, heardAt: number): void;
}

/** By how much two clocks may drift apart: a tenth of a millisecond in a second, more than clocks that are kept in step do. */
const drift = 1e-4;

/** A `Date` leaves out what is below a millisecond. */
const resolutionMs = 1;

/**
 * Each answer says how far the clock is ahead of this process's own at least and at most, as far apart as the answer took;
 * all of them together say it more narrowly (after Marzullo). What is told is the least: never a time that is still to
 * come, and one that only moves forward as more is known, so that what is done later does not get an earlier time. It is
 * behind by no more than the quickest answer took on its way back.
 *
 * @param local this process's clock, in milliseconds; no step of the system's clock moves it
 */
export function databaseClock(local: () => number = () => performance.now()): DatabaseClock {
  let ahead: { least: number; most: number; knownAt: number } | null = null;
  return {
    now: () => {
      if (ahead === null) throw new Error('nothing is known of the clock yet');
      return local() + ahead.least;
    },
    observe: (at, askedAt, heardAt) => {
      const least = at.getTime() - heardAt;
      const most = at.getTime() + resolutionMs - askedAt;
      const slack = ahead === null ? 0 : (heardAt - ahead.knownAt) * drift;
      const narrowed =
        ahead === null
          ? { least, most }
          : { least: Math.max(least, ahead.least - slack), most: Math.min(most, ahead.most + slack) };
      // They contradict each other where the clock was set, or another server has taken over: what was said last holds.
      const holds = narrowed.least <= narrowed.most ? narrowed : { least, most };
      ahead = { ...holds, knownAt: heardAt };
    },
  };
}
