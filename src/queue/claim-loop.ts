import { setImmediate as immediate } from 'node:timers/promises';
import { claimPauseMs, newcomerPauseMs } from './settings.ts';

/** Claims one after the other, with pauses. */
export interface ClaimLoop {
  /**
   * Wants a claim; many that come meanwhile make one.
   *
   * @param organizationId of whose jobs; left out: of all
   */
  want(organizationId?: string): void;
  /** Resolves when nothing is wanted any more. */
  idle(): Promise<void>;
  /** No more claims; the one that runs ends. */
  close(): Promise<void>;
}

/** @param claim of some organizations, or of all; never throws */
export function createClaimLoop(claim: (only: readonly string[] | undefined) => Promise<void>): ClaimLoop {
  const wantedOf = new Set<string>();
  let isWantedOfAll = false;
  let closed = false;
  let running: Promise<void> | undefined;
  /** Told of whom a claim is wanted during a pause; null: there is none, or it is cut short already. */
  let onWantedInPause: ((organizationId: string) => void) | null = null;

  /** After a claim for some organizations. Whoever had no part in it does not wait for so long. */
  function pauseAfter(only: readonly string[] | undefined): Promise<void> {
    const begunAt = performance.now();
    return new Promise((resolve) => {
      const end = (): void => {
        onWantedInPause = null;
        resolve();
      };
      const pause = setTimeout(end, claimPauseMs);
      const look = (organizationId: string): void => {
        if (only === undefined || only.includes(organizationId)) return;
        onWantedInPause = null;
        clearTimeout(pause);
        setTimeout(end, Math.max(0, begunAt + newcomerPauseMs - performance.now()));
      };
      onWantedInPause = look;
      // Who came while the claim was on its way.
      const [newcomer] = [...wantedOf].filter((organizationId) => only?.includes(organizationId) === false);
      if (newcomer !== undefined) look(newcomer);
    });
  }

  async function loop(): Promise<void> {
    // Whoever wants it has an answer to send first.
    await immediate();
    while ((isWantedOfAll || wantedOf.size > 0) && !closed) {
      const only = isWantedOfAll ? undefined : [...wantedOf];
      isWantedOfAll = false;
      wantedOf.clear();
      await claim(only);
      await pauseAfter(only);
    }
    running = undefined;
  }

  return {
    want(organizationId) {
      if (closed) return;
      if (organizationId === undefined) {
        isWantedOfAll = true;
      } else {
        wantedOf.add(organizationId);
        onWantedInPause?.(organizationId);
      }
      running ??= loop();
    },
    idle: () => Promise.resolve(running),
    async close() {
      closed = true;
      await running;
    },
  };
}
