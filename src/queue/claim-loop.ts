import { setImmediate as immediate } from 'node:timers/promises';
import { claimPauseMs, newcomerPauseMs } from './settings.ts';

/** Claims of all pending jobs, one after the other, with pauses. */
export interface ClaimLoop {
  /**
   * Wants a claim; many that come meanwhile make one.
   *
   * @param organizationId whose jobs are there; left out: of several
   */
  want(organizationId?: string): void;
  /** No more claims; the one that runs ends. */
  close(): Promise<void>;
}

/** @param claim says whose jobs it has found; never throws */
export function createClaimLoop(claim: () => Promise<ReadonlySet<string>>): ClaimLoop {
  let isWanted = false;
  let closed = false;
  let running: Promise<void> | undefined;
  /** Who wants the next claim. */
  const wantedBy = new Set<string>();
  /** Told who wants a claim during a pause; null: there is none, or it is cut short already. */
  let onWantedInPause: ((organizationId: string) => unknown) | null = null;

  /** @param concerned who wanted the claim before, or was found by it; whoever else comes does not wait for so long */
  function pauseAfter(concerned: ReadonlySet<string>): Promise<void> {
    const begunAt = performance.now();
    return new Promise((resolve) => {
      const end = (): void => {
        onWantedInPause = null;
        resolve();
      };
      const pause = setTimeout(end, claimPauseMs);
      const cutShort = (): void => {
        onWantedInPause = null;
        clearTimeout(pause);
        setTimeout(end, Math.max(0, begunAt + newcomerPauseMs - performance.now()));
      };
      const isNew = (organizationId: string) => !concerned.has(organizationId);
      // Who came while the claim was on its way.
      if ([...wantedBy].some(isNew)) cutShort();
      else onWantedInPause = (organizationId) => isNew(organizationId) && cutShort();
    });
  }

  async function loop(): Promise<void> {
    // Whoever wants it has an answer to send first.
    await immediate();
    while (isWanted && !closed) {
      isWanted = false;
      const concerned = new Set(wantedBy);
      wantedBy.clear();
      for (const organizationId of await claim()) concerned.add(organizationId);
      await pauseAfter(concerned);
    }
    running = undefined;
  }

  return {
    want(organizationId) {
      if (closed) return;
      isWanted = true;
      if (organizationId !== undefined) {
        wantedBy.add(organizationId);
        onWantedInPause?.(organizationId);
      }
      running ??= loop();
    },
    async close() {
      closed = true;
      await running;
    },
  };
}
