/** How long this process has not come to its turn. */
export interface Standstill {
  /** So many milliseconds in all since the beginning. */
  ms(): number;
  stop(): void;
}

const everyMs = 20;

/**
 * Counts how long this process stands still, as all do on a machine that stalls, so that a bound on a wait can leave it
 * out. For waits in Postgres, for a timer or in another process: of work that is done in this one it would also leave out
 * an event loop that the code under test keeps busy.
 */
export function watchStandstill(): Standstill {
  let last = performance.now();
  let lostMs = 0;
  const look = (): void => {
    const now = performance.now();
    lostMs += Math.max(0, now - last - 2 * everyMs);
    last = now;
  };
  const timer = setInterval(look, everyMs);
  return {
    ms() {
      look();
      return lostMs;
    },
    stop: () => clearInterval(timer),
  };
}
