/** A clock that does not run while this process stands still. */
export interface Stopwatch {
  /** So many milliseconds since it was started. */
  ms(): number;
  stop(): void;
}

const everyMs = 20;

/**
 * Measures a wait without the time for which this process has not come to its turn, as all do not on a machine that stalls.
 * For waits in Postgres, for a timer or in another process: of work that is done in this one it would also leave out an
 * event loop that the code under test keeps busy.
 */
export function startStopwatch(): Stopwatch {
  let last = performance.now();
  let elapsedMs = 0;
  const look = (): void => {
    const now = performance.now();
    elapsedMs += Math.min(now - last, 2 * everyMs);
    last = now;
  };
  const timer = setInterval(look, everyMs);
  return {
    ms() {
      look();
      return elapsedMs;
    },
    stop: () => clearInterval(timer),
  };
}
