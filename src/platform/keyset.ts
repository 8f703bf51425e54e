import sql, { raw, type Sql } from 'sql-template-tag';
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

/** What a list is sorted by: an expression whose values fit into a cursor and compare there as they sort. */
export interface SortKey {
  key: Sql;
  kind: 'text' | 'bigint';
}

/** @param column a `timestamptz`; to the microsecond, as Postgres keeps it */
export function momentKey(column: Sql): SortKey {
  return { key: sql`floor(extract(epoch FROM ${column}) * 1000000)::bigint`, kind: 'bigint' };
}

/** The word of ORDER BY, and the operator of what comes after a position. */
export function directionOf(order: 'asc' | 'desc'): { direction: Sql; isBehind: Sql } {
  return order === 'asc' ? { direction: sql`ASC`, isBehind: sql`>` } : { direction: sql`DESC`, isBehind: sql`<` };
}

/** A list in an order other than that of the ids; the id decides among equal keys. */
export interface SortedList {
  /** What comes after the cursor, as a condition on the columns of key and id; `true` on the first page. */
  behind(key: Sql, id: Sql): Sql;
  orderBy(key: Sql, id: Sql): Sql;
  /** A page out of rows that were fetched with LIMIT `limit + 1`. */
  pageOf<Row extends SortPosition>(rows: Row[], limit: number): Page<Omit<Row, 'key'>>;
}

/**
 * @param sort names what the list is sorted by
 * @throws DomainError `invalid` (`invalid-cursor`), also for a cursor of another order
 */
export function sortedList(
  { sort, order, kind }: { sort: string; order: 'asc' | 'desc'; kind: SortKey['kind'] },
  cursor: string | undefined,
): SortedList {
  const orderName = `${sort} ${order}`;
  const { direction, isBehind } = directionOf(order);
  const after = sortPosition(orderName, kind, cursor);
  return {
    behind: (key, id) =>
      after === null ? sql`true` : sql`(${key}, ${id}) ${isBehind} (${after.key}::${raw(kind)}, ${after.id}::uuid)`,
    orderBy: (key, id) => sql`${key} ${direction}, ${id} ${direction}`,
    pageOf: (rows, limit) => {
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: rows.slice(0, limit).map(({ key: _, ...item }) => item),
        nextCursor: last === undefined ? null : sortCursor(orderName, last),
      };
    },
  };
}

/** Where a page of a sorted list starts: after the row of this id, whose sort value was `key`. */
interface SortPosition {
  key: string | number;
  id: string;
}

/** Names the order, since in another one the position would mean nothing. */
function sortCursor(order: string, { key, id }: SortPosition): string {
  return Buffer.from(JSON.stringify([order, key, id])).toString('base64url');
}

function sortPosition(order: string, kind: SortKey['kind'], cursor: string | undefined): SortPosition | null {
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
