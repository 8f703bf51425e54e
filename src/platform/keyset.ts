import { DomainError } from './errors.ts';
import { isId } from './ids.ts';

/** One page of a list by keyset: how many items, and after which. */
export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

export interface Page<Item> {
  items: Item[];
  /** Null on the last page. */
  nextCursor: string | null;
}

/**
 * The id that a page starts after. Lists in order of the id use the id itself as cursor: it is unique and ordered by
 * time, so pages neither overlap nor skip while rows come and go.
 *
 * @throws DomainError `invalid` (`invalid-cursor`)
 */
export function cursorId(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  if (isId(cursor)) return cursor;
  throw invalidCursor();
}

/** Where a page of a sorted list starts: after the row of this id, whose sort value was `key`. */
export interface SortPosition {
  key: string | number;
  id: string;
}

/**
 * The cursor of a list in an order other than that of the ids. It names the order, since in another one the position
 * would mean nothing.
 */
export function sortCursor(order: string, { key, id }: SortPosition): string {
  return Buffer.from(JSON.stringify([order, key, id])).toString('base64url');
}

/**
 * @param order of the list that is asked for now
 * @param kind what its sort values are
 * @throws DomainError `invalid` (`invalid-cursor`), also for a cursor of another order
 */
export function sortPosition(order: string, kind: 'text' | 'bigint', cursor: string | undefined): SortPosition | null {
  if (cursor === undefined) return null;
  try {
    const [of, key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [unknown, unknown, unknown];
    const isKey = kind === 'bigint' ? Number.isSafeInteger(key) : typeof key === 'string' && !key.includes('\0');
    if (of === order && isKey && typeof id === 'string' && isId(id)) return { key: key as string | number, id };
  } catch {
    // Not one of ours: the same answer as below.
  }
  throw invalidCursor();
}

function invalidCursor(): DomainError {
  return new DomainError(
    'invalid',
    'invalid-cursor',
    'The cursor is not one that this list gave out. Start without a cursor, then pass "nextCursor" of each page.',
  );
}

/** A page out of rows that were fetched with LIMIT `limit + 1`: the one too many tells that there are more. */
export function pageOf<Item extends { id: string }>(rows: Item[], limit: number): Page<Item> {
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** A LIKE pattern for "contains this text", in which `%`, `_` and `\` stand for themselves. */
export function containsPattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
}
