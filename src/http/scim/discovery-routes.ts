import { Router, type Response } from 'express';
import {
  findResourceTypeDocument,
  findSchemaDocument,
  refuseDiscoveryFilter,
  resourceTypesDocument,
  schemasDocument,
  serviceProviderConfig,
} from '../../scim/discovery.ts';
import type { JsonObject } from '../../scim/json.ts';
import { ScimError } from '../../scim/scim-error.ts';
import { cursorTimeoutSeconds } from './page-cursor.ts';
import { pathId, scimRequestOf } from './scim-context.ts';
import { bulkLimits, pageSize } from './scim-limits.ts';
import { sendResource } from './send-json.ts';

const features = {
  maxResults: pageSize.maxCount,
  bulk: bulkLimits,
  sort: true,
  etag: true,
  cursorPagination: {
    defaultPageSize: pageSize.defaultCount,
    maxPageSize: pageSize.maxCount,
    cursorTimeout: cursorTimeoutSeconds,
  },
};

/** The discovery endpoints (RFC 7644 section 4), true to what the other routes do. */
export function discoveryRoutes(): Router {
  const router = Router({ caseSensitive: true });
  const baseUrlOf = (res: Response) => scimRequestOf(res).baseUrl;
  const resourceTypesOf = (res: Response) => {
    const { user, group } = scimRequestOf(res).resourceTypes;
    return [user, group];
  };
  const sendFound = (res: Response, document: JsonObject | undefined, what: string, listedAt: string): void => {
    if (document === undefined) {
      throw new ScimError(404, undefined, `There is no ${what} of this name; ${listedAt} lists them.`);
    }
    sendResource(res, 200, document);
  };

  router.get(['/ServiceProviderConfig', '/ResourceTypes', '/Schemas'], (req, _res, next) => {
    refuseDiscoveryFilter(req.query);
    next();
  });
  router.get('/ServiceProviderConfig', (_req, res) => {
    sendResource(res, 200, serviceProviderConfig({ baseUrl: baseUrlOf(res), ...features }));
  });
  router.get('/ResourceTypes', (_req, res) => {
    sendResource(res, 200, resourceTypesDocument(resourceTypesOf(res), baseUrlOf(res)));
  });
  router.get('/ResourceTypes/:id', (req, res) => {
    const document = findResourceTypeDocument(pathId(req), resourceTypesOf(res), baseUrlOf(res));
    sendFound(res, document, 'resource type', '/ResourceTypes');
  });
  router.get('/Schemas', (_req, res) => {
    sendResource(res, 200, schemasDocument(resourceTypesOf(res), baseUrlOf(res)));
  });
  router.get('/Schemas/:id', (req, res) => {
    sendFound(res, findSchemaDocument(pathId(req), resourceTypesOf(res), baseUrlOf(res)), 'schema', '/Schemas');
  });
  return router;
}
