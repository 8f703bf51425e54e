import { readUser, type UserWithGroups } from '../../directory/read-users.ts';
import { parseListQuery } from '../../scim/list-query.ts';
import { includes, parseProjection, type Projection } from '../../scim/projection.ts';
import { queryParameters, type Endpoints, type Exchange } from './exchange.ts';
import { sendListing } from './list-answer.ts';
import { listUsersAnswer } from './list-users-answer.ts';
import { answerNotModified } from './not-modified.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { pageSize } from './scim-limits.ts';
import type { ScimRequest } from './scim-request.ts';
import { sendNothing, sendResource } from './send-json.ts';
import { userDocument, userETag } from './user-document.ts';
import { userOperations } from './user-operations.ts';

/** `/Users` (RFC 7644 sections 3.3 to 3.6). */
export function userEndpoints({ nudge }: Pick<ScimDependencies, 'nudge'>): Endpoints {
  const operations = userOperations({ nudge });
  return {
    '/Users': {
      GET: async (exchange, request) => {
        const query = parseListQuery(queryParameters(exchange), request.resourceTypes.user, pageSize);
        await sendListing(exchange.res, await listUsersAnswer(request, query));
      },
      POST: async (exchange, request) => {
        const projection = projectionOf(exchange, request);
        send(exchange, request, 201, await operations.create(request, exchange.body), projection);
      },
    },
    '/Users/:id': {
      GET: async (exchange, request, id) => {
        const projection = projectionOf(exchange, request);
        const { db, caller } = request;
        const user = await readUser(db, caller.organizationId, id, { withGroups: includes(projection, 'groups') });
        const etag = userETag(user);
        if (!answerNotModified(exchange, etag)) send(exchange, request, 200, user, projection, etag);
      },
      PUT: async (exchange, request, id) => {
        const projection = projectionOf(exchange, request);
        const options = { ifMatch: exchange.req.headers['if-match'], withGroups: includes(projection, 'groups') };
        send(exchange, request, 200, await operations.replace(request, id, exchange.body, options), projection);
      },
      PATCH: async (exchange, request, id) => {
        const projection = projectionOf(exchange, request);
        const options = { ifMatch: exchange.req.headers['if-match'], withGroups: includes(projection, 'groups') };
        send(exchange, request, 200, await operations.patch(request, id, exchange.body, options), projection);
      },
      DELETE: async ({ req, res }, request, id) => {
        await operations.remove(request, id, { ifMatch: req.headers['if-match'] });
        sendNothing(res, 204);
      },
    },
  };
}

function projectionOf(exchange: Exchange, { resourceTypes }: ScimRequest): Projection {
  return parseProjection(queryParameters(exchange), resourceTypes.user);
}

function send(
  { res }: Exchange,
  { baseUrl }: ScimRequest,
  status: number,
  user: UserWithGroups,
  projection: Projection,
  etag = userETag(user),
): void {
  res.setHeader('ETag', etag);
  if (status === 201) res.setHeader('Location', `${baseUrl}/Users/${user.id}`);
  sendResource(res, status, userDocument(user, { baseUrl, projection, etag }));
}
