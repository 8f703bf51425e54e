import { parseListQuery, type ListQuery } from '../../scim/list-query.ts';
import type { ResourceType } from '../../scim/schema.ts';
import { badRequest } from '../../scim/scim-error.ts';
import { parseSearchRequest } from '../../scim/search-request.ts';
import { searchResourceType } from '../../scim/search-resource-type.ts';
import type { Endpoints } from './exchange.ts';
import { sendListing, type Listing } from './list-answer.ts';
import { listGroupsAnswer } from './list-groups-answer.ts';
import { listUsersAnswer } from './list-users-answer.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { pageSize } from './scim-limits.ts';
import type { ScimRequest } from './scim-request.ts';

/** `/.search` of both collections and of the root (RFC 7644 section 3.4.3). */
export function searchEndpoints({ db }: Pick<ScimDependencies, 'db'>): Endpoints {
  return {
    '/Users/.search': {
      POST: async ({ res, body }, request) => {
        const query = parseListQuery(parseSearchRequest(body), request.resourceTypes.user, pageSize);
        await sendListing(res, await listUsersAnswer(request, query));
      },
    },
    '/Groups/.search': {
      POST: async ({ res, body }, request) => {
        const query = parseListQuery(parseSearchRequest(body), request.resourceTypes.group, pageSize);
        await sendListing(res, await listGroupsAnswer(db, request, query));
      },
    },
    '/.search': {
      POST: async ({ res, body }, request) => {
        await sendListing(res, await searchAll(db, request, parseSearchRequest(body)));
      },
    },
  };
}

/**
 * A search over all resource types (RFC 7644 section 3.4.2.1): the users, then the groups, as one list with one total.
 * `sortBy` orders within each type. An attribute that a type does not have is one without value there.
 *
 * @throws ScimError 400
 */
async function searchAll(
  db: ScimDependencies['db'],
  request: ScimRequest,
  parameters: Readonly<Record<string, string>>,
): Promise<Listing> {
  const { user, group } = request.resourceTypes;
  const queryOf = (own: ResourceType, other: ResourceType): ListQuery =>
    parseListQuery(parameters, searchResourceType(own, [other]), pageSize);
  const userQuery = queryOf(user, group);
  const groupQuery = queryOf(group, user);
  const { paging } = userQuery;
  if (paging.kind === 'cursor') {
    throw badRequest(
      'invalidValue',
      'A search over all resource types is paged by "startIndex" and "count"; cursors work at /Users and /Groups.',
    );
  }
  const { startIndex, count } = paging;
  const users = await listUsersAnswer(request, userQuery);
  const groups = await listGroupsAnswer(db, request, {
    ...groupQuery,
    paging: {
      kind: 'index',
      startIndex: Math.max(1, startIndex - users.head.totalResults),
      count: count - users.resources.length,
    },
  });
  return {
    head: { totalResults: users.head.totalResults + groups.head.totalResults, startIndex },
    resources: [...users.resources, ...groups.resources],
  };
}
