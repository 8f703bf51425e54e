import sql, { empty, type Sql } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { groupColumns, type GroupRow } from './group-record.ts';
import { readPage, type ListWindow, type Page } from './page.ts';

/** @throws NotFoundError */
export async function readGroup(db: Queryable, organizationId: string, id: string): Promise<GroupRow> {
  const [row] = isId(id)
    ? await db.query<GroupRow>(sql`
        SELECT ${groupColumns} FROM groups g WHERE g.organization_id = ${organizationId} AND g.id = ${id}`)
    : [];
  if (row === undefined) throw new NotFoundError('group', id);
  return row;
}

/** One page of an organization's groups. @param where a condition on `g`, from `groupFilter` */
export function listGroups(
  db: Queryable,
  organizationId: string,
  where: Sql,
  window: ListWindow,
): Promise<Page<GroupRow>> {
  return readPage(db, {
    columns: groupColumns,
    from: sql`groups g`,
    where: sql`g.organization_id = ${organizationId} AND ${where}`,
    id: sql`g.id`,
    window,
  });
}

export interface Member {
  value: string;
  display: string;
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
