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
  throw new DomainError(
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
