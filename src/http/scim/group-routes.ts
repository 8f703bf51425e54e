import { Router, type Response } from 'express';
import { groupAttributes } from '../../directory/attribute-sql.ts';
import { patchGroup, replaceGroup } from '../../directory/change-group.ts';
import { createGroup } from '../../directory/create-group.ts';
import { deleteGroup } from '../../directory/delete-group.ts';
import { filterSql, orderSql } from '../../directory/filter-sql.ts';
import type { GroupRow } from '../../directory/group-record.ts';
import { listGroups, membersOf, membersOfEach, readGroup } from '../../directory/read-groups.ts';
import { matchesETag, weakETag } from '../../scim/etag.ts';
import { memberIds } from '../../scim/group-members-patch.ts';
import type { JsonObject } from '../../scim/json.ts';
import { parseListQuery, type ListQuery } from '../../scim/list-query.ts';
import { listResponse } from '../../scim/list-response.ts';
import { parseResource } from '../../scim/parse-resource.ts';
import { parsePatchRequest } from '../../scim/patch-request.ts';
import { parseProjection, type Projection } from '../../scim/projection.ts';
import { groupResourceType as resourceType } from '../../scim/resource-types.ts';
import { audited } from './audited.ts';
import { groupText, showsMembers } from './group-document.ts';
import { queryParameters } from './query-parameters.ts';
import { pageSize, type ScimDependencies } from './scim-dependencies.ts';
import { callerOf, pathId, scimBaseUrl } from './scim-context.ts';
import { sendJsonText } from './send-json.ts';

/** `/Groups` (RFC 7644 sections 3.3 to 3.6). */
export function groupRoutes({ db, publicUrl, nudge }: ScimDependencies): Router {
  const router = Router({ caseSensitive: true });
  const viewOf = (res: Response, projection: Projection) => ({
    baseUrl: scimBaseUrl(publicUrl, callerOf(res).organizationId),
    projection,
  });

  const send = async (res: Response, status: number, group: GroupRow, projection: Projection): Promise<void> => {
    const { organizationId } = callerOf(res);
    const view = viewOf(res, projection);
    const members = showsMembers(view) ? membersOf(db, organizationId, group.id) : undefined;
    res.set('ETag', weakETag(group.version));
    if (status === 201) res.set('Location', `${view.baseUrl}/Groups/${group.id}`);
    await sendJsonText(res, status, groupText(group, members, view));
  };

  const sendList = async (res: Response, query: ListQuery): Promise<void> => {
    const { organizationId } = callerOf(res);
    const { startIndex, count, projection, sortBy, sortOrder } = query;
    const view = viewOf(res, projection);
    const source = groupAttributes(resourceType, {
      users: `${view.baseUrl}/Users/`,
      groups: `${view.baseUrl}/Groups/`,
    });
    const { rows, totalResults } = await listGroups(db, organizationId, filterSql(query.filter, source), {
      startIndex,
      count,
      ...(sortBy === undefined ? {} : { orderBy: orderSql(sortBy, sortOrder, source) }),
    });
    const membersOfGroup = showsMembers(view)
      ? await membersOfEach(
          db,
          organizationId,
          rows.map(({ id }) => id),
        )
      : () => undefined;
    const envelope = listResponse({ resources: [], totalResults, startIndex, itemsPerPage: rows.length });
    await sendJsonText(
      res,
      200,
      listText(
        envelope,
        rows.map((group) => groupText(group, membersOfGroup(group.id), view)),
      ),
    );
  };

  router.get('/Groups', (req, res) => sendList(res, parseListQuery(queryParameters(req), resourceType, pageSize)));

  router.post('/Groups', async (req, res) => {
    const projection = parseProjection(queryParameters(req), resourceType);
    const group = await audited(db, res, { action: 'CREATE', type: 'Group', id: null, body: req.body }, async () => {
      const resource = parseResource(req.body, resourceType);
      return createGroup(db, callerOf(res), resource, memberIds(resource) ?? []);
    });
    nudge();
    await send(res, 201, group, projection);
  });

  router.get('/Groups/:id', async (req, res) => {
    const projection = parseProjection(queryParameters(req), resourceType);
    const group = await readGroup(db, callerOf(res).organizationId, pathId(req));
    const ifNoneMatch = req.get('if-none-match');
    if (ifNoneMatch !== undefined && matchesETag(ifNoneMatch, group.version)) {
      res.set('ETag', weakETag(group.version)).status(304).end();
      return;
    }
    await send(res, 200, group, projection);
  });

  router.put('/Groups/:id', async (req, res) => {
    const projection = parseProjection(queryParameters(req), resourceType);
    const id = pathId(req);
    const caller = callerOf(res);
    await audited(db, res, { action: 'UPDATE', type: 'Group', id, body: req.body }, async () => {
      const resource = parseResource(req.body, resourceType);
      return replaceGroup(db, caller, id, {
        resource,
        resourceType,
        members: memberIds(resource),
        ifMatch: req.get('if-match'),
      });
    });
    nudge();
    await send(res, 200, await readGroup(db, caller.organizationId, id), projection);
  });

  router.patch('/Groups/:id', async (req, res) => {
    const parameters = queryParameters(req);
    const projection = parseProjection(parameters, resourceType);
    const id = pathId(req);
    const caller = callerOf(res);
    await audited(db, res, { action: 'UPDATE', type: 'Group', id, body: null }, async () =>
      patchGroup(db, caller, id, {
        operations: parsePatchRequest(req.body, resourceType),
        resourceType,
        ifMatch: req.get('if-match'),
      }),
    );
    nudge();
    // RFC 7644 section 3.5.2: 204 unless "attributes" asks for the resource. Its cost must not follow the group's size.
    if (parameters['attributes'] === undefined) res.status(204).end();
    else await send(res, 200, await readGroup(db, caller.organizationId, id), projection);
  });

  router.delete('/Groups/:id', async (req, res) => {
    const id = pathId(req);
    await audited(db, res, { action: 'DELETE', type: 'Group', id, body: null }, async () =>
      deleteGroup(db, callerOf(res), id),
    );
    nudge();
    res.status(204).end();
  });

  return router;
}

/** A list message whose resources are texts in the making; `envelope` is the message with none, `Resources` last. */
async function* listText(envelope: JsonObject, resources: readonly AsyncIterable<string>[]): AsyncGenerator<string> {
  yield JSON.stringify(envelope).slice(0, -']}'.length);
  for (const [position, resource] of resources.entries()) {
    if (position > 0) yield ',';
    yield* resource;
  }
  yield ']}';
}
