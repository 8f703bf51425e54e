import { Router, type Request, type Response } from 'express';
import { userAttributes } from '../../directory/attribute-sql.ts';
import { createUser } from '../../directory/create-user.ts';
import { deleteUser } from '../../directory/delete-user.ts';
import { filterSql, orderSql } from '../../directory/filter-sql.ts';
import { listUsers, readUser, type UserWithGroups } from '../../directory/read-users.ts';
import { patchUser, replaceUser } from '../../directory/change-user.ts';
import { matchesETag, weakETag } from '../../scim/etag.ts';
import { parseListQuery, type ListQuery } from '../../scim/list-query.ts';
import { listResponse } from '../../scim/list-response.ts';
import { parseResource } from '../../scim/parse-resource.ts';
import { parsePatchRequest } from '../../scim/patch-request.ts';
import { includes, parseProjection, type Projection } from '../../scim/projection.ts';
import { userResourceType as resourceType } from '../../scim/resource-types.ts';
import { audited } from './audited.ts';
import { queryParameters } from './query-parameters.ts';
import { pageSize, type ScimDependencies } from './scim-dependencies.ts';
import { callerOf, pathId, scimBaseUrl } from './scim-context.ts';
import { sendResource } from './send-json.ts';
import { userDocument } from './user-document.ts';

/** `/Users` (RFC 7644 sections 3.3 to 3.6). */
export function userRoutes({ db, publicUrl, nudge }: ScimDependencies): Router {
  const router = Router({ caseSensitive: true });
  const baseUrlOf = (res: Response) => scimBaseUrl(publicUrl, callerOf(res).organizationId);

  const send = (res: Response, status: number, user: UserWithGroups, projection: Projection): void => {
    const baseUrl = baseUrlOf(res);
    res.set('ETag', weakETag(user.version));
    if (status === 201) res.set('Location', `${baseUrl}/Users/${user.id}`);
    sendResource(res, status, userDocument(user, { baseUrl, projection }));
  };

  const sendList = async (res: Response, query: ListQuery): Promise<void> => {
    const { organizationId } = callerOf(res);
    const baseUrl = baseUrlOf(res);
    const source = userAttributes(resourceType, { users: `${baseUrl}/Users/`, groups: `${baseUrl}/Groups/` });
    const { startIndex, count, projection, sortBy, sortOrder } = query;
    const page = await listUsers(
      db,
      organizationId,
      filterSql(query.filter, source),
      { startIndex, count, ...(sortBy === undefined ? {} : { orderBy: orderSql(sortBy, sortOrder, source) }) },
      { withGroups: includes(projection, 'groups') },
    );
    const resources = page.rows.map((user) => userDocument(user, { baseUrl, projection }));
    sendResource(
      res,
      200,
      listResponse({ resources, totalResults: page.totalResults, startIndex, itemsPerPage: resources.length }),
    );
  };

  router.get('/Users', (req, res) => sendList(res, parseListQuery(queryParameters(req), resourceType, pageSize)));

  router.post('/Users', async (req, res) => {
    const projection = parseProjection(queryParameters(req), resourceType);
    const user = await audited(db, res, { action: 'CREATE', type: 'User', id: null, body: req.body }, async () =>
      // Parsed inside, so that a body that is refused leaves its FAILED entry too.
      createUser(db, callerOf(res), parseResource(req.body, resourceType)),
    );
    nudge();
    send(res, 201, { ...user, groups: null }, projection);
  });

  router.get('/Users/:id', async (req, res) => {
    const projection = parseProjection(queryParameters(req), resourceType);
    const user = await readUser(db, callerOf(res).organizationId, pathId(req), {
      withGroups: includes(projection, 'groups'),
    });
    const ifNoneMatch = req.get('if-none-match');
    if (ifNoneMatch !== undefined && matchesETag(ifNoneMatch, user.version)) {
      res.set('ETag', weakETag(user.version)).status(304).end();
      return;
    }
    send(res, 200, user, projection);
  });

  router.put('/Users/:id', async (req, res) => {
    const { projection, ...options } = changeOptions(req);
    const id = pathId(req);
    const user = await audited(db, res, { action: 'UPDATE', type: 'User', id, body: req.body }, async () =>
      replaceUser(db, callerOf(res), id, { resource: parseResource(req.body, resourceType), ...options }),
    );
    nudge();
    send(res, 200, user, projection);
  });

  router.patch('/Users/:id', async (req, res) => {
    const { projection, ...options } = changeOptions(req);
    const id = pathId(req);
    const user = await audited(db, res, { action: 'UPDATE', type: 'User', id, body: null }, async () =>
      patchUser(db, callerOf(res), id, { operations: parsePatchRequest(req.body, resourceType), ...options }),
    );
    nudge();
    send(res, 200, user, projection);
  });

  router.delete('/Users/:id', async (req, res) => {
    const id = pathId(req);
    await audited(db, res, { action: 'DELETE', type: 'User', id, body: null }, async () =>
      deleteUser(db, callerOf(res), id),
    );
    res.status(204).end();
  });

  return router;
}

function changeOptions(req: Request) {
  const projection = parseProjection(queryParameters(req), resourceType);
  return { resourceType, projection, ifMatch: req.get('if-match'), withGroups: includes(projection, 'groups') };
}
