import sql, { empty, type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import type { FilterSql } from './filter-sql.ts';
import { groupColumns, type GroupRow } from './group-record.ts';
import { readPage, type ListWindow, type Page } from './page.ts';

/** @throws NotFoundError */
export async function readGroup(db: Queryable, organizationId: string, id: string): Promise<GroupRow> {
  const [row] = isId(id)
    ? await db.query<GroupRow>(
        sql`SELECT ${groupColumns} FROM groups g WHERE g.organization_id = ${organizationId} AND g.id = ${id}`,
        'read',
      )
    : [];
  if (row === undefined) throw new NotFoundError('group', id);
  return row;
}

/** A group together with its members as they were at one moment: what its version stands for. */
export interface GroupWithMembers {
  group: GroupRow;
  /** In pages, in a stable order. */
  members: AsyncGenerator<Member[]>;
}

/**
 * A group and its members out of one snapshot, whatever others do meanwhile, and without a transaction that stays open
 * for as long as somebody reads the answer. Of the members beyond the first page only the ids are read at once, 16 bytes
 * each; their names follow page by page, so that a group of any size takes little memory.
 *
 * @param later reads those names: at the reader's pace, so without a deadline
 * @throws NotFoundError
 */
export async function readGroupWithMembers(
  db: Queryable,
  later: Queryable,
  organizationId: string,
  id: string,
): Promise<GroupWithMembers> {
  const [row] = isId(id)
    ? await db.query<GroupRow & { first: Member[]; rest: Buffer | null }>(sql`
        SELECT ${groupColumns},
          coalesce((
            SELECT jsonb_agg(jsonb_build_object('value', m.user_id, 'display', ${memberName}) ORDER BY m.user_id)
            FROM (${memberIdsOf(organizationId, id)} LIMIT ${membersPerPage}) AS m), '[]') AS first,
          (SELECT string_agg(uuid_send(m.user_id), '' ORDER BY m.user_id)
            FROM (${memberIdsOf(organizationId, id)} OFFSET ${membersPerPage}) AS m) AS rest
        FROM groups g WHERE g.organization_id = ${organizationId} AND g.id = ${id}`)
    : [];
  if (row === undefined) throw new NotFoundError('group', id);
  const { first, rest, ...group } = row;
  return { group, members: pagesOf(later, organizationId, first, rest) };
}

function memberIdsOf(organizationId: string, groupId: string): Sql {
  return sql`
    SELECT organization_id, user_id FROM group_members
    WHERE organization_id = ${organizationId} AND group_id = ${groupId} ORDER BY user_id`;
}

async function* pagesOf(
  db: Queryable,
  organizationId: string,
  first: Member[],
  rest: Buffer | null,
): AsyncGenerator<Member[]> {
  if (first.length > 0) yield first;
  const bytesPerPage = membersPerPage * bytesPerId;
  for (let at = 0; rest !== null && at < rest.length; at += bytesPerPage) {
    const ids =
      rest
        .subarray(at, at + bytesPerPage)
        .toString('hex')
        .match(/.{32}/g) ?? [];
    yield await db.query<Member>(sql`
      SELECT m.user_id AS value, ${memberName} AS display
      FROM (
        SELECT ${organizationId}::uuid AS organization_id, user_id FROM unnest(${ids}::uuid[]) AS user_id
      ) AS m
      ORDER BY m.user_id`);
  }
}

const bytesPerId = 16;

/** One page of an organization's groups. @param filter on `g` */
export function listGroups(
  db: Queryable,
  organizationId: string,
  { condition, isLookUp }: FilterSql,
  window: ListWindow,
): Promise<Page<GroupRow>> {
  return readPage(db, {
    columns: groupColumns,
    table: sql`groups`,
    row: sql`g`,
    where: sql`g.organization_id = ${organizationId} AND ${condition}`,
    isLookUp,
    window,
  });
}

export interface Member {
  value: string;
  /** null: the user has been deleted since. */
  display: string | null;
}

/** Members fetched by one query of a walk over one group: a bound on memory, whatever the group's size. */
const membersPerPage = 2_000;

/** Members fetched of each group of a list at once; whoever has more is walked further. */
const membersInList = 100;

/**
 * One look-up by primary key for each member, never a join: right after an initial sync the statistics know nothing of
 * the new organization, and a planner that expects one user of it starts from the users and walks every group once for
 * each of them (30 groups of 1,500 users: over 30 s).
 */
const memberName = sql`(
  SELECT u.user_name FROM users u WHERE u.organization_id = m.organization_id AND u.id = m.user_id)`;

/**
 * The members of one group in pages, in a stable order, so that a group of any size is read in bounded memory.
 *
 * @param after the last member already read, if any
 */
export async function* membersOf(
  db: Queryable,
  organizationId: string,
  groupId: string,
  after?: string,
): AsyncGenerator<Member[]> {
  let last = after;
  for (;;) {
    const page: Member[] = await db.query<Member>(sql`
      SELECT m.user_id AS value, ${memberName} AS display
      FROM group_members m
      WHERE m.organization_id = ${organizationId} AND m.group_id = ${groupId}
        ${last === undefined ? empty : sql`AND m.user_id > ${last}`}
      ORDER BY m.user_id LIMIT ${membersPerPage}`);
    if (page.length > 0) yield page;
    if (page.length < membersPerPage) return;
    last = page.at(-1)?.value;
  }
}

/**
 * The members of each group of a list, in pages as `membersOf`: one query for the first of all groups together, further
 * ones only for groups that have more.
 *
 * @returns a function from a group's id to its pages
 */
export async function membersOfEach(
  db: Queryable,
  organizationId: string,
  groupIds: readonly string[],
): Promise<(groupId: string) => AsyncGenerator<Member[]>> {
  const rows =
    groupIds.length === 0
      ? []
      : await db.query<Member & { groupId: string }>(sql`
          SELECT listed.id AS "groupId", first.user_id AS value, first.display
          FROM unnest(${groupIds}::uuid[]) AS listed(id)
          CROSS JOIN LATERAL (
            SELECT m.user_id, ${memberName} AS display FROM group_members m
            WHERE m.organization_id = ${organizationId} AND m.group_id = listed.id
            ORDER BY m.user_id LIMIT ${membersInList}
          ) AS first
          ORDER BY listed.id, first.user_id`);
  const first = byGroup(rows);
  return async function* (groupId) {
    const page = first.get(groupId) ?? [];
    if (page.length > 0) yield page.map(({ value, display }) => ({ value, display }));
    if (page.length === membersInList) yield* membersOf(db, organizationId, groupId, page.at(-1)?.value);
  };
}

function byGroup<Row extends { groupId: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.groupId);
    if (group === undefined) groups.set(row.groupId, [row]);
    else group.push(row);
  }
  return groups;
}
