/** Who was active lately, as far as it takes to know whether anybody is alone: the last two are remembered, no more. */
export interface RecentActivity {
  /** @param at in milliseconds, by a clock that only goes forward */
  note(key: string, at: number): void;
  /** Whether another one than `key` was active lately. */
  hasOthers(key: string, at: number): boolean;
  /** Whether at least two were. */
  hasSeveral(at: number): boolean;
}

/**
 * Whoever was here within this time may be here again any moment. A provider that synchronizes sends the next request
 * long before that; without one, whoever is busy has the machine for itself again.
 */
export const activeForMs = 3_000;

export function createRecentActivity(): RecentActivity {
  let last = '';
  let lastAt = -Infinity;
  let anotherAt = -Infinity;
  return {
    note(key, at) {
      if (key !== last) anotherAt = lastAt;
      last = key;
      lastAt = at;
    },
    hasOthers: (key, at) => at - (key === last ? anotherAt : lastAt) < activeForMs,
    hasSeveral: (at) => at - anotherAt < activeForMs,
  };
}
