import { Router, type Request, type Response } from 'express';
import type { GroupRow } from '../../directory/group-record.ts';
import { readGroup, readGroupWithMembers } from '../../directory/read-groups.ts';
import { weakETag } from '../../scim/etag.ts';
import { parseListQuery } from '../../scim/list-query.ts';
import { parseProjection, type Projection } from '../../scim/projection.ts';
import { groupText, showsMembers } from './group-document.ts';
import { groupOperations } from './group-operations.ts';
import { sendListing } from './list-answer.ts';
import { listGroupsAnswer } from './list-groups-answer.ts';
import { answerNotModified } from './not-modified.ts';
import { queryParameters } from './query-parameters.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { pathId, scimRequestOf } from './scim-context.ts';
import { pageSize } from './scim-limits.ts';
import { sendJsonText } from './send-json.ts';

/** `/Groups` (RFC 7644 sections 3.3 to 3.6). */
export function groupRoutes({ db, nudge }: Pick<ScimDependencies, 'db' | 'nudge'>): Router {
  const router = Router({ caseSensitive: true });
  const operations = groupOperations({ nudge });

  /** @param known the group, where the caller has read it: enough when its members are not shown */
  const send = async (
    res: Response,
    status: number,
    id: string,
    projection: Projection,
    known?: GroupRow,
  ): Promise<void> => {
    const { caller, baseUrl, db: inTime } = scimRequestOf(res);
    const view = { baseUrl, projection };
    // Version and members come from one snapshot: another one's change must not show in one of them alone.
    const { group, members } = showsMembers(view)
      ? await readGroupWithMembers(inTime, db, caller.organizationId, id)
      : { group: known ?? (await read(res, id)), members: undefined };
    await sendText(res, status, group, projection, members);
  };
  /** The change is committed: when what the answer shows cannot be read just now, it is a success that shows less. */
  const sendChanged = async (
    res: Response,
    show: () => Promise<void>,
    showLess: () => Promise<void> | void,
  ): Promise<void> => {
    try {
      await show();
    } catch (error) {
      if (res.headersSent) throw error;
      scimRequestOf(res).logger.warn({ err: error }, 'a changed group could not be read for the answer');
      await showLess();
    }
  };
  const sendGroup = (res: Response, changed: { id: string; version: number }, projection: Projection): Promise<void> =>
    sendChanged(
      res,
      () => send(res, 200, changed.id, projection),
      () => {
        res
          .set('ETag', weakETag(changed.version))
          .set('Location', `${scimRequestOf(res).baseUrl}/Groups/${changed.id}`);
        res.status(204).end();
      },
    );
  const read = (res: Response, id: string): Promise<GroupRow> => {
    const { db, caller } = scimRequestOf(res);
    return readGroup(db, caller.organizationId, id);
  };

  router.get('/Groups', async (req, res) => {
    const request = scimRequestOf(res);
    const query = parseListQuery(queryParameters(req), request.resourceTypes.group, pageSize);
    await sendListing(res, await listGroupsAnswer(db, request, query));
  });

  router.post('/Groups', async (req, res) => {
    const projection = projectionOf(req, res);
    const group = await operations.create(scimRequestOf(res), req.body);
    await sendChanged(
      res,
      () => send(res, 201, group.id, projection, group),
      // A client that learns no id here would not know its own group.
      () => sendText(res, 201, group, projection, undefined),
    );
  });

  router.get('/Groups/:id', async (req, res) => {
    const projection = projectionOf(req, res);
    const id = pathId(req);
    // Members are read for those alone who do not have this version yet.
    const known = req.get('if-none-match') === undefined ? undefined : await read(res, id);
    if (known !== undefined && answerNotModified(req, res, weakETag(known.version))) return;
    await send(res, 200, id, projection, known);
  });

  router.put('/Groups/:id', async (req, res) => {
    const projection = projectionOf(req, res);
    const id = pathId(req);
    const changed = await operations.replace(scimRequestOf(res), id, req.body, { ifMatch: req.get('if-match') });
    await sendGroup(res, changed, projection);
  });

  router.patch('/Groups/:id', async (req, res) => {
    const projection = projectionOf(req, res);
    const id = pathId(req);
    const changed = await operations.patch(scimRequestOf(res), id, req.body, { ifMatch: req.get('if-match') });
    // RFC 7644 section 3.5.2: 204 unless "attributes" asks for the resource. Its cost must not follow the group's size.
    if (queryParameters(req)['attributes'] === undefined) res.set('ETag', weakETag(changed.version)).status(204).end();
    else await sendGroup(res, changed, projection);
  });

  router.delete('/Groups/:id', async (req, res) => {
    await operations.remove(scimRequestOf(res), pathId(req), { ifMatch: req.get('if-match') });
    res.status(204).end();
  });

  return router;
}

function projectionOf(req: Request, res: Response): Projection {
  return parseProjection(queryParameters(req), scimRequestOf(res).resourceTypes.group);
}

async function sendText(
  res: Response,
  status: number,
  group: GroupRow,
  projection: Projection,
  members: Parameters<typeof groupText>[1],
): Promise<void> {
  const { baseUrl } = scimRequestOf(res);
  res.set('ETag', weakETag(group.version));
  if (status === 201) res.set('Location', `${baseUrl}/Groups/${group.id}`);
  await sendJsonText(res, status, groupText(group, members, { baseUrl, projection }));
}
