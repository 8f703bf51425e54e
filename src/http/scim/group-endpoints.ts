import type { ServerResponse } from 'node:http';
import type { GroupRow } from '../../directory/group-record.ts';
import { readGroup, readGroupWithMembers } from '../../directory/read-groups.ts';
import { weakETag } from '../../scim/etag.ts';
import { parseListQuery } from '../../scim/list-query.ts';
import { parseProjection, type Projection } from '../../scim/projection.ts';
import { queryParameters, type Endpoints, type Exchange } from './exchange.ts';
import { groupText, showsMembers } from './group-document.ts';
import { groupOperations } from './group-operations.ts';
import { sendListing } from './list-answer.ts';
import { listGroupsAnswer } from './list-groups-answer.ts';
import { answerNotModified } from './not-modified.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { pageSize } from './scim-limits.ts';
import type { ScimRequest } from './scim-request.ts';
import { sendJsonText, sendNothing } from './send-json.ts';

/** `/Groups` (RFC 7644 sections 3.3 to 3.6). */
export function groupEndpoints({ db, nudge }: Pick<ScimDependencies, 'db' | 'nudge'>): Endpoints {
  const operations = groupOperations({ nudge });

  /** @param known the group, where the caller has read it: enough when its members are not shown */
  const send = async (
    res: ServerResponse,
    request: ScimRequest,
    status: number,
    id: string,
    projection: Projection,
    known?: GroupRow,
  ): Promise<void> => {
    const { caller, baseUrl, db: inTime } = request;
    const view = { baseUrl, projection };
    // Version and members come from one snapshot: another one's change must not show in one of them alone.
    const { group, members } = showsMembers(view)
      ? await readGroupWithMembers(inTime, db, caller.organizationId, id)
      : { group: known ?? (await read(request, id)), members: undefined };
    await sendText(res, request, status, group, projection, members);
  };
  const sendGroup = (
    res: ServerResponse,
    request: ScimRequest,
    changed: { id: string; version: number },
    projection: Projection,
  ): Promise<void> =>
    sendChanged(
      res,
      request,
      () => send(res, request, 200, changed.id, projection),
      () => {
        res.setHeader('ETag', weakETag(changed.version));
        res.setHeader('Location', `${request.baseUrl}/Groups/${changed.id}`);
        sendNothing(res, 204);
      },
    );

  return {
    '/Groups': {
      GET: async (exchange, request) => {
        const query = parseListQuery(queryParameters(exchange), request.resourceTypes.group, pageSize);
        await sendListing(exchange.res, await listGroupsAnswer(db, request, query));
      },
      POST: async (exchange, request) => {
        const { res, body } = exchange;
        const projection = projectionOf(exchange, request);
        const group = await operations.create(request, body);
        const sendWithout = () => sendText(res, request, 201, group, projection, undefined);
        // A client that learns no id here would not know its own group.
        const show = () => send(res, request, 201, group.id, projection, group);
        await (group.isEmpty === true ? sendWithout() : sendChanged(res, request, show, sendWithout));
      },
    },
    '/Groups/:id': {
      GET: async (exchange, request, id) => {
        const projection = projectionOf(exchange, request);
        // Members are read for those alone who do not have this version yet.
        const known = exchange.req.headers['if-none-match'] === undefined ? undefined : await read(request, id);
        if (known !== undefined && answerNotModified(exchange, weakETag(known.version))) return;
        await send(exchange.res, request, 200, id, projection, known);
      },
      PUT: async (exchange, request, id) => {
        const { req, res, body } = exchange;
        const projection = projectionOf(exchange, request);
        const changed = await operations.replace(request, id, body, { ifMatch: req.headers['if-match'] });
        await sendGroup(res, request, changed, projection);
      },
      PATCH: async (exchange, request, id) => {
        const { req, res, body } = exchange;
        const projection = projectionOf(exchange, request);
        const changed = await operations.patch(request, id, body, { ifMatch: req.headers['if-match'] });
        // RFC 7644 section 3.5.2: 204 unless "attributes" asks for the resource. Its cost must not follow the group's size.
        if (queryParameters(exchange)['attributes'] === undefined) {
          res.setHeader('ETag', weakETag(changed.version));
          sendNothing(res, 204);
        } else {
          await sendGroup(res, request, changed, projection);
        }
      },
      DELETE: async ({ req, res }, request, id) => {
        await operations.remove(request, id, { ifMatch: req.headers['if-match'] });
        sendNothing(res, 204);
      },
    },
  };
}

/** The change is committed: when what the answer shows cannot be read just now, it is a success that shows less. */
async function sendChanged(
  res: ServerResponse,
  { logger }: ScimRequest,
  show: () => Promise<void>,
  showLess: () => Promise<void> | void,
): Promise<void> {
  try {
    await show();
  } catch (error) {
    if (res.headersSent) throw error;
    logger.warn({ err: error }, 'a changed group could not be read for the answer');
    await showLess();
  }
}

function read({ db, caller }: ScimRequest, id: string): Promise<GroupRow> {
  return readGroup(db, caller.organizationId, id);
}

function projectionOf(exchange: Exchange, { resourceTypes }: ScimRequest): Projection {
  return parseProjection(queryParameters(exchange), resourceTypes.group);
}

async function sendText(
  res: ServerResponse,
  { baseUrl }: ScimRequest,
  status: number,
  group: GroupRow,
  projection: Projection,
  members: Parameters<typeof groupText>[1],
): Promise<void> {
  res.setHeader('ETag', weakETag(group.version));
  if (status === 201) res.setHeader('Location', `${baseUrl}/Groups/${group.id}`);
  await sendJsonText(res, status, groupText(group, members, { baseUrl, projection }));
}
