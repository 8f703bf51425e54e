import { randomFillSync } from 'node:crypto';
import { v7, validate } from 'uuid';

/**
 * A new UUIDv7 (RFC 9562 section 5.7): ordered by creation time, so that primary-key indexes grow at one end and
 * keyset cursors come free. Ids made in SQL use the function `new_id()`, which has the same shape.
 */
export function newId(): string {
  const random = randomBytes();
  const now = Date.now();
  // Those of one millisecond are counted on from a random number, and so is a clock that was put back (RFC 9562 section 6.2).
  if (now > last.time) last = { time: now, count: new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 1 };
  else last = { time: last.time, count: last.count + 1 };
  return v7({ msecs: last.time, seq: last.count, random });
}

/** Of the newest id: its time in milliseconds, and its place within it, of 32 bits. */
let last = { time: -Infinity, count: 0 };

/** The same with another time than this process's own, in milliseconds since 1970. */
export function newIdAt(time: number): string {
  return v7({ msecs: Math.floor(time), random: randomBytes() });
}

const bytesOfId = 16;
const stock = new Uint8Array(256 * bytesOfId);
let used = stock.length;

/** Asking the system for a few bytes costs as much as asking for thousands. None are given out twice. */
function randomBytes(): Uint8Array {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += bytesOfId;
  return stock.subarray(used - bytesOfId, used);
}

/**
 * Ids as `::uuid[]` reads them. A list that is bound as it is has each of its elements searched for what would have to be
 * escaped.
 *
 * @param ids of which `isId` is true
 */
export function idArray(ids: readonly string[]): string {
  return `{${ids.join(',')}}`;
}

/**
 * Whether text can be compared with a `uuid` column. Anything else is simply an unknown id: callers answer "not found"
 * instead of letting Postgres reject the cast.
 */
export function isId(text: string): boolean {
  return validate(text);
}
