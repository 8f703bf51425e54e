/** A sequence of choices that the same seed repeats exactly, so that a simulation can be played again. */
export interface Random {
  /** From 0 up to, but not including, `limit`. */
  integer(limit: number): number;
  pick<T>(list: readonly T[]): T;
  /** `count` different elements, or all where there are fewer, in random order. */
  sample<T>(list: readonly T[], count: number): T[];
  /** In the shape of a version 4 UUID, as directories give their objects. */
  uuid(): string;
}

export function createRandom(seed: string): Random {
  // FNV-1a spreads similar seeds; mulberry32 is small and good enough for made-up people.
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);

  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (limit: number): number => Math.floor(next() * limit);
  const hex = (digits: number): string => Array.from({ length: digits }, () => integer(16).toString(16)).join('');

  return {
    integer,
    pick(list) {
      const element = list[integer(list.length)];
      if (element === undefined) throw new RangeError('nothing to pick from');
      return element;
    },
    sample(list, count) {
      const rest = [...list];
      const wanted = Math.min(count, rest.length);
      return Array.from({ length: wanted }, () => rest.splice(integer(rest.length), 1)).flat();
    },
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + integer(4)).toString(16)}${hex(3)}-${hex(12)}`,
  };
}
