import { userAttributes, withForeignNames } from '../../directory/attribute-sql.ts';
import { filterSql } from '../../directory/filter-sql.ts';
import { listUsers } from '../../directory/read-users.ts';
import type { ListQuery } from '../../scim/list-query.ts';
import { includes } from '../../scim/projection.ts';
import { collectionUrls } from './collection-urls.ts';
import type { Listing } from './list-answer.ts';
import { listWindow } from './list-window.ts';
import type { ScimRequest } from './scim-request.ts';
import { userDocument } from './user-document.ts';

/** The users that a query asks for, whether it came as GET, as POST to `/.search`, or as part of a search of all types. */
export async function listUsersAnswer(request: ScimRequest, query: ListQuery): Promise<Listing> {
  const { caller, baseUrl, resourceTypes } = request;
  const { filter, projection } = query;
  const source = withForeignNames(userAttributes(resourceTypes.user, collectionUrls(baseUrl)));
  const { window, headOf } = listWindow(request, query, source);
  const page = await listUsers(request.db, caller.organizationId, filterSql(filter, source), window, {
    withGroups: includes(projection, 'groups'),
  });
  return {
    head: headOf(page),
    resources: page.rows.map((user) => JSON.stringify(userDocument(user, { baseUrl, projection }))),
  };
}
