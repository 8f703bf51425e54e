/**
 * Organizations whose next delivery would carry little, because their last one was just now. Of what comes meanwhile the
 * one after the rest does all.
 */
export interface Rests {
  /** A rest begins, or begins anew. */
  begin(organizationId: string): void;
  /** What has come meanwhile is enough. */
  end(organizationId: string): void;
  /** All who rest. */
  resting(): string[];
  /** Something has come. @returns whether it rests; `onRested` is told when it has */
  waits(organizationId: string): boolean;
  close(): void;
}

export interface RestsOptions {
  lengthMs: number;
  /** Told who has rested, of those for whom something has come meanwhile. */
  onRested: (organizationId: string) => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
}

export function createRests({ lengthMs, onRested, now = () => performance.now() }: RestsOptions): Rests {
  /** When they are over, in that order. */
  const ends = new Map<string, number>();
  /** For whom something has come, with what tells the end of their rest. */
  const waiting = new Map<string, NodeJS.Timeout>();

  const remainingMs = (organizationId: string): number => (ends.get(organizationId) ?? -Infinity) - now();

  const forgetOver = (): void => {
    const at = now();
    for (const [organizationId, end] of ends) {
      if (end > at) return;
      ends.delete(organizationId);
    }
  };

  const tellAfter = (organizationId: string, restMs: number): void => {
    const look = (): void => {
      // It may have begun anew.
      const stillMs = remainingMs(organizationId);
      if (stillMs > 0) {
        tellAfter(organizationId, stillMs);
        return;
      }
      waiting.delete(organizationId);
      onRested(organizationId);
    };
    waiting.set(organizationId, setTimeout(look, restMs));
  };

  return {
    begin(organizationId) {
      forgetOver();
      ends.delete(organizationId);
      ends.set(organizationId, now() + lengthMs);
    },
    end: (organizationId) => void ends.delete(organizationId),
    resting() {
      forgetOver();
      return [...ends.keys()];
    },
    waits(organizationId) {
      const restMs = remainingMs(organizationId);
      if (restMs <= 0) return false;
      if (!waiting.has(organizationId)) tellAfter(organizationId, restMs);
      return true;
    },
    close: () => waiting.forEach((timer) => clearTimeout(timer)),
  };
}
