/**
 * Pauses between deliveries of an organization that has many of them, each of which would carry little. Of what comes
 * during a rest the delivery after it does all.
 */
export interface Rests {
  /**
   * A delivery of it has begun, or has ended with nothing left waiting. A rest begins where there were several such
   * within a moment.
   */
  note(organizationId: string): void;
  /** So much waits that the next delivery is full. */
  end(organizationId: string): void;
  /** All who rest. */
  resting(): string[];
  /** Something has come, or is left. @returns whether it rests; `onRested` is told when it has */
  waits(organizationId: string): boolean;
  close(): void;
}

export interface RestsOptions {
  lengthMs: number;
  /** What comes later than this is not in a row any more. */
  rowBreaksAfterMs: number;
  /** Told who has rested, of those for whom something has come meanwhile. */
  onRested: (organizationId: string) => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
}

/** So many in a row are a flood: a provider that creates a user and adds it to a group makes fewer. */
const manyInARow = 3;

interface Row {
  count: number;
  at: number;
  restsUntil: number;
}

export function createRests({
  lengthMs,
  rowBreaksAfterMs,
  onRested,
  now = () => performance.now(),
}: RestsOptions): Rests {
  /** In the order of what was noted last. */
  const rows = new Map<string, Row>();
  /** For whom something has come, with what tells the end of their rest. */
  const waiting = new Map<string, NodeJS.Timeout>();
  let closed = false;

  const remainingMs = (organizationId: string): number => (rows.get(organizationId)?.restsUntil ?? -Infinity) - now();

  const forgetBroken = (at: number): void => {
    for (const [organizationId, row] of rows) {
      if (at - row.at < rowBreaksAfterMs || row.restsUntil > at) return;
      rows.delete(organizationId);
    }
  };

  const tellAfter = (organizationId: string, restMs: number): void => {
    const look = (): void => {
      // It may have begun anew.
      const stillMs = remainingMs(organizationId);
      if (stillMs > 0) {
        tellAfter(organizationId, stillMs);
      } else {
        waiting.delete(organizationId);
        onRested(organizationId);
      }
    };
    waiting.set(organizationId, setTimeout(look, restMs));
  };

  return {
    note(organizationId) {
      const at = now();
      forgetBroken(at);
      const before = rows.get(organizationId);
      const count = before !== undefined && at - before.at < rowBreaksAfterMs ? before.count + 1 : 1;
      rows.delete(organizationId);
      rows.set(organizationId, { count, at, restsUntil: count >= manyInARow ? at + lengthMs : -Infinity });
    },
    end(organizationId) {
      const row = rows.get(organizationId);
      if (row !== undefined) row.restsUntil = -Infinity;
    },
    resting: () => [...rows.keys()].filter((organizationId) => remainingMs(organizationId) > 0),
    waits(organizationId) {
      const restMs = remainingMs(organizationId);
      if (restMs <= 0 || closed) return false;
      if (!waiting.has(organizationId)) tellAfter(organizationId, restMs);
      return true;
    },
    close() {
      closed = true;
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
