import { Router, type Request, type Response } from 'express';
import { readUser, type UserWithGroups } from '../../directory/read-users.ts';
import { parseListQuery } from '../../scim/list-query.ts';
import { includes, parseProjection, type Projection } from '../../scim/projection.ts';
import { sendListing } from './list-answer.ts';
import { listUsersAnswer } from './list-users-answer.ts';
import { answerNotModified } from './not-modified.ts';
import { queryParameters } from './query-parameters.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { pathId, scimRequestOf } from './scim-context.ts';
import { pageSize } from './scim-limits.ts';
import { sendResource } from './send-json.ts';
import { userDocument, userETag } from './user-document.ts';
import { userOperations } from './user-operations.ts';

/** `/Users` (RFC 7644 sections 3.3 to 3.6). */
export function userRoutes({ nudge }: Pick<ScimDependencies, 'nudge'>): Router {
  const router = Router({ caseSensitive: true });
  const operations = userOperations({ nudge });

  router.get('/Users', async (req, res) => {
    const request = scimRequestOf(res);
    const query = parseListQuery(queryParameters(req), request.resourceTypes.user, pageSize);
    await sendListing(res, await listUsersAnswer(request, query));
  });

  router.post('/Users', async (req, res) => {
    const projection = projectionOf(req, res);
    send(res, 201, await operations.create(scimRequestOf(res), req.body), projection);
  });

  router.get('/Users/:id', async (req, res) => {
    const projection = projectionOf(req, res);
    const { db, caller } = scimRequestOf(res);
    const user = await readUser(db, caller.organizationId, pathId(req), {
      withGroups: includes(projection, 'groups'),
    });
    if (!answerNotModified(req, res, userETag(user))) send(res, 200, user, projection);
  });

  router.put('/Users/:id', async (req, res) => {
    const projection = projectionOf(req, res);
    const options = { ifMatch: req.get('if-match'), withGroups: includes(projection, 'groups') };
    send(res, 200, await operations.replace(scimRequestOf(res), pathId(req), req.body, options), projection);
  });

  router.patch('/Users/:id', async (req, res) => {
    const projection = projectionOf(req, res);
    const options = { ifMatch: req.get('if-match'), withGroups: includes(projection, 'groups') };
    send(res, 200, await operations.patch(scimRequestOf(res), pathId(req), req.body, options), projection);
  });

  router.delete('/Users/:id', async (req, res) => {
    await operations.remove(scimRequestOf(res), pathId(req), { ifMatch: req.get('if-match') });
    res.status(204).end();
  });

  return router;
}

function projectionOf(req: Request, res: Response): Projection {
  return parseProjection(queryParameters(req), scimRequestOf(res).resourceTypes.user);
}

function send(res: Response, status: number, user: UserWithGroups, projection: Projection): void {
  const { baseUrl } = scimRequestOf(res);
  res.set('ETag', userETag(user));
  if (status === 201) res.set('Location', `${baseUrl}/Users/${user.id}`);
  sendResource(res, status, userDocument(user, { baseUrl, projection }));
}
