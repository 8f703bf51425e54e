import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import type { JsonValue } from '../scim/json.ts';
import type { SortKey } from './sort-key.ts';

export type JsonArray = JsonValue[];

/** An order that is the same whatever the page: by the sort key, then by id, which is the order of creation. */
export interface ListOrder {
  /** Absent: by id alone. */
  key?: SortKey;
  direction: 'ascending' | 'descending';
}

/**
 * A place between two resources of an ordered list, told by the resource beside it, and the way to read on from there. It
 * stays where it is whatever is added or removed, that resource included.
 */
export interface ListPosition {
  direction: 'forward' | 'backward';
  /** Whether the resource itself lies ahead. */
  inclusive: boolean;
  /** The resource's sort key; null where it has none. */
  key: string | null;
  id: string;
}

/** Which part of a list. */
export type ListWindow = { order: ListOrder; count: number } & (
  | {
      kind: 'index';
      /** 1-based. A `count` of 0 asks for the total only. */
      startIndex: number;
    }
  | {
      kind: 'keyset';
      /** Absent: from the beginning. */
      from?: ListPosition;
    }
);

export interface Page<Row> {
  rows: Row[];
  totalResults: number;
  /** Where the next page begins, and where the one before ends; of keyset pages only. */
  next?: ListPosition;
  previous?: ListPosition;
}

export interface PageQuery {
  columns: Sql;
  table: Sql;
  /** What `columns` and `where` call a row of it. */
  row: Sql;
  where: Sql;
  /** Whether an index finds the few rows for `where`. */
  isLookUp: boolean;
  window: ListWindow;
}

/** Reads one page and the exact total. */
export function readPage<Row extends { id: string }>(db: Queryable, query: PageQuery): Promise<Page<Row>> {
  return query.window.kind === 'index'
    ? readIndexPage(db, query, query.window)
    : readKeysetPage(db, query, query.window);
}

/**
 * A page that is not full tells the total by itself, so a look-up that finds one resource or none is one query; only a
 * full or an empty later page costs a count.
 *
 * A look-up says OFFSET only where there is one: not knowing it, Postgres expects a tenth of the rows to be left out,
 * takes one plan for all values for dearer than it is, and makes a new one each time, which takes longer than the rest.
 */
async function readIndexPage<Row extends { id: string }>(
  db: Queryable,
  query: PageQuery,
  { startIndex, count, order }: ListWindow & { kind: 'index' },
): Promise<Page<Row>> {
  const { columns, row, isLookUp } = query;
  const offset = startIndex - 1;
  const rows =
    count === 0
      ? []
      : await db.query<Row>(
          sql`
          SELECT ${columns} FROM ${rowsOf(query)} ORDER BY ${orderSql(order, idOf(row), 'forward')}
          ${offset === 0 && isLookUp ? empty : sql`OFFSET ${offset}`} LIMIT ${count}`,
          isLookUp ? 'read' : undefined,
        );
  const pageIsLast = rows.length < count && (rows.length > 0 || offset === 0);
  return { rows, totalResults: pageIsLast ? offset + rows.length : await countOf(db, query) };
}

/**
 * A page from a position on. What lies on the other side of that position is, exactly, what the page in the opposite
 * direction walks through: so the two cursors of a page can never skip or repeat a resource that stays where it is.
 */
async function readKeysetPage<Row extends { id: string }>(
  db: Queryable,
  query: PageQuery,
  { from: position, count, order }: ListWindow & { kind: 'keyset' },
): Promise<Page<Row>> {
  const { columns, table, row, where } = query;
  const id = idOf(row);
  const direction = position?.direction ?? 'forward';
  const ahead = position === undefined ? empty : sql`AND ${aheadOf(position, order, id)}`;
  const found = await db.query<Row & { sortKey: string | null }>(sql`
    SELECT ${columns}, ${order.key === undefined ? sql`NULL` : sql`(${order.key.value})::text`} AS "sortKey"
    FROM ${table} ${row} WHERE ${where} ${ahead}
    ORDER BY ${orderSql(order, id, direction)} LIMIT ${count + 1}`);
  const rows = found.slice(0, count);
  const last = rows.at(-1);
  const onward: ListPosition | undefined =
    found.length > count && last !== undefined
      ? { direction, inclusive: false, key: last.sortKey, id: last.id }
      : undefined;
  const back = position && opposite(position);
  const [next, previous] = direction === 'forward' ? [onward, back] : [back, onward];
  return {
    rows: direction === 'forward' ? rows : rows.reverse(),
    totalResults: position === undefined && onward === undefined ? rows.length : await countOf(db, query),
    ...(next === undefined ? {} : { next }),
    ...(previous === undefined ? {} : { previous }),
  };
}

function opposite({ direction, inclusive, ...place }: ListPosition): ListPosition {
  return { direction: direction === 'forward' ? 'backward' : 'forward', inclusive: !inclusive, ...place };
}

/**
 * FROM and WHERE of a page by index. A look-up is done before its rows are put in order (OFFSET 0 keeps the two apart), so
 * that no plan can walk the order instead, as one would that was made while there were few rows.
 */
function rowsOf({ table, row, where, isLookUp }: PageQuery): Sql {
  return isLookUp
    ? sql`(SELECT * FROM ${table} ${row} WHERE ${where} OFFSET 0) AS ${row}`
    : sql`${table} ${row} WHERE ${where}`;
}

async function countOf(db: Queryable, { table, row, where }: PageQuery): Promise<number> {
  const [total] = await db.query<{ count: number }>(sql`SELECT count(*) AS count FROM ${table} ${row} WHERE ${where}`);
  return total?.count ?? 0;
}

function idOf(row: Sql): Sql {
  return sql`${row}.id`;
}

/** NULL counts as larger than every value, as Postgres has it: last when ascending, first when descending. */
function orderSql({ key, direction }: ListOrder, id: Sql, walk: ListPosition['direction']): Sql {
  const idOrder = raw(walk === 'forward' ? 'ASC' : 'DESC');
  if (key === undefined) return sql`${id} ${idOrder}`;
  return sql`${key.value} ${raw(isRising(direction, walk) ? 'ASC' : 'DESC')}, ${id} ${idOrder}`;
}

function aheadOf(position: ListPosition, { key, direction }: ListOrder, id: Sql): Sql {
  const sign = raw((position.direction === 'forward' ? '>' : '<') + (position.inclusive ? '=' : ''));
  const idAhead = sql`${id} ${sign} ${position.id}::uuid`;
  if (key === undefined) return idAhead;
  const rising = isRising(direction, position.direction);
  if (position.key === null) {
    const besideNull = sql`(${key.value} IS NULL AND ${idAhead})`;
    return rising ? besideNull : sql`(${besideNull} OR ${key.value} IS NOT NULL)`;
  }
  const value = key.type === 'numeric' ? sql`${position.key}::numeric` : sql`${position.key}::text`;
  const beside = sql`(${key.value} = ${value} AND ${idAhead})`;
  return rising
    ? sql`(${key.value} > ${value} OR ${beside} OR ${key.value} IS NULL)`
    : sql`(${key.value} < ${value} OR ${beside})`;
}

function isRising(order: ListOrder['direction'], walk: ListPosition['direction']): boolean {
  return (order === 'ascending') === (walk === 'forward');
}
