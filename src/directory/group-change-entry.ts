import sql, { type Sql } from 'sql-template-tag';
import type { MemberChange } from '../scim/group-members-patch.ts';

/** What the log says of a change of one group, beside the numbers of members. */
export interface GroupChangeWords {
  /** Names of the attributes that change. */
  attributesChanged: readonly string[];
  /** Absent: the members stay. */
  members?: MemberChange;
  /** Added to the entry's message. */
  remark?: string;
}

/** How many ids of each kind an entry names; the numbers are always exact. */
export const namedMembers = 100;

export function statusOf({ attributesChanged }: GroupChangeWords): Sql {
  return attributesChanged.length > 0
    ? sql`'SUCCESS'`
    : sql`CASE WHEN counts.added + counts.removed > 0 THEN 'SUCCESS' ELSE 'SKIPPED' END`;
}

/** ADD_MEMBERS and REMOVE_MEMBERS for a change of members only, else UPDATE; what asked for nothing new keeps its name. */
export function actionOf({ attributesChanged, members }: GroupChangeWords): Sql {
  if (attributesChanged.length > 0 || members === undefined) return sql`'UPDATE'`;
  const asked = members.base === 'clear' ? 'UPDATE' : members.add.length > 0 ? 'ADD_MEMBERS' : 'REMOVE_MEMBERS';
  return sql`CASE
    WHEN counts.added > 0 AND counts.removed = 0 THEN 'ADD_MEMBERS'
    WHEN counts.removed > 0 AND counts.added = 0 THEN 'REMOVE_MEMBERS'
    WHEN counts.removed > 0 THEN 'UPDATE'
    ELSE ${asked} END`;
}

export function messageOf({ attributesChanged, members, remark }: GroupChangeWords): Sql {
  const changed = attributesChanged.length === 0 ? null : `Changed ${attributesChanged.join(', ')}.`;
  const membersText =
    members === undefined
      ? sql`${changed === null ? 'Nothing to change: the group already has these values.' : null}::text`
      : sql`CASE
          WHEN counts.added + counts.removed = 0 THEN
            ${changed === null ? 'Nothing to change: the members are already so.' : 'Members unchanged.'}
          ELSE concat_ws(', ',
            CASE WHEN counts.added > 0 THEN 'Added ' || ${countOf(sql`counts.added`)} END,
            CASE WHEN counts.removed > 0 THEN
              CASE WHEN counts.added > 0 THEN 'removed ' ELSE 'Removed ' END || ${countOf(sql`counts.removed`)} END) || '.'
        END`;
  return sql`concat_ws(' ', ${changed}::text, ${membersText}, ${remark ?? null}::text)`;
}

function countOf(count: Sql): Sql {
  return sql`${count} || CASE ${count} WHEN 1 THEN ' member' ELSE ' members' END`;
}
