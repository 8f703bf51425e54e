import { groupAttributes, withForeignNames } from '../../directory/attribute-sql.ts';
import { filterSql } from '../../directory/filter-sql.ts';
import { listGroups, membersOfEach } from '../../directory/read-groups.ts';
import type { Queryable } from '../../platform/database.ts';
import type { ListQuery } from '../../scim/list-query.ts';
import { collectionUrls } from './collection-urls.ts';
import { groupText, showsMembers } from './group-document.ts';
import type { Listing } from './list-answer.ts';
import { listWindow } from './list-window.ts';
import type { ScimRequest } from './scim-request.ts';

/**
 * The groups that a query asks for; as `listUsersAnswer`.
 *
 * @param db for members that are read while the answer is on its way already, at the reader's pace
 */
export async function listGroupsAnswer(db: Queryable, request: ScimRequest, query: ListQuery): Promise<Listing> {
  const { caller, baseUrl, resourceTypes } = request;
  const { filter, projection } = query;
  const view = { baseUrl, projection };
  const source = withForeignNames(groupAttributes(resourceTypes.group, collectionUrls(baseUrl)));
  const { window, headOf } = listWindow(request, query, source);
  const page = await listGroups(request.db, caller.organizationId, filterSql(filter, source), window);
  const ids = page.rows.map(({ id }) => id);
  const membersOf = showsMembers(view) ? await membersOfEach(db, caller.organizationId, ids) : () => undefined;
  return { head: headOf(page), resources: page.rows.map((group) => groupText(group, membersOf(group.id), view)) };
}
