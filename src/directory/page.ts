import sql, { type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import type { JsonValue } from '../scim/json.ts';

export type JsonArray = JsonValue[];

/** Which part of a list: RFC 7644 section 3.4.2.4, with an order that is the same whatever the page. */
export interface ListWindow {
  /** 1-based. */
  startIndex: number;
  /** 0 asks for the total only. */
  count: number;
  /** Sort expression with its direction; the id follows as tiebreaker. Absent: by id, which is the order of creation. */
  orderBy?: Sql;
}

export interface Page<Row> {
  rows: Row[];
  totalResults: number;
}

export interface PageQuery {
  columns: Sql;
  from: Sql;
  where: Sql;
  id: Sql;
  window: ListWindow;
}

/**
 * Reads one page and the exact total. A page that is not full tells the total by itself, so a look-up that finds one
 * resource or none is one query; only a full or an empty later page costs a count.
 */
export async function readPage<Row extends object>(db: Queryable, query: PageQuery): Promise<Page<Row>> {
  const { columns, from, where, id, window } = query;
  const offset = window.startIndex - 1;
  const order = window.orderBy === undefined ? id : sql`${window.orderBy}, ${id}`;
  const rows =
    window.count === 0
      ? []
      : await db.query<Row>(sql`
          SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${order} OFFSET ${offset} LIMIT ${window.count}`);
  const pageIsLast = rows.length < window.count && (rows.length > 0 || offset === 0);
  if (pageIsLast) return { rows, totalResults: offset + rows.length };
  const [total] = await db.query<{ count: number }>(sql`SELECT count(*) AS count FROM ${from} WHERE ${where}`);
  return { rows, totalResults: total?.count ?? 0 };
}
