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
import { groupResourceType, userResourceType } from '../../scim/resource-types.ts';
import { ScimError } from '../../scim/scim-error.ts';
import { pageSize, type ScimDependencies } from './scim-dependencies.ts';
import { callerOf, pathId, scimBaseUrl } from './scim-context.ts';
import { sendResource } from './send-json.ts';

const resourceTypes = [userResourceType, groupResourceType];

/** The discovery endpoints (RFC 7644 section 4), true to what the other routes do. */
export function discoveryRoutes({ publicUrl }: Pick<ScimDependencies, 'publicUrl'>): Router {
  const router = Router({ caseSensitive: true });
  const baseUrlOf = (res: Response) => scimBaseUrl(publicUrl, callerOf(res).organizationId);
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
    const features = { maxResults: pageSize.maxCount, bulk: null, sort: true, etag: true };
    sendResource(res, 200, serviceProviderConfig({ baseUrl: baseUrlOf(res), ...features }));
  });
  router.get('/ResourceTypes', (_req, res) => {
    sendResource(res, 200, resourceTypesDocument(resourceTypes, baseUrlOf(res)));
  });
  router.get('/ResourceTypes/:id', (req, res) => {
    const document = findResourceTypeDocument(pathId(req), resourceTypes, baseUrlOf(res));
    sendFound(res, document, 'resource type', '/ResourceTypes');
  });
  router.get('/Schemas', (_req, res) => {
    sendResource(res, 200, schemasDocument(resourceTypes, baseUrlOf(res)));
  });
  router.get('/Schemas/:id', (req, res) => {
    sendFound(res, findSchemaDocument(pathId(req), resourceTypes, baseUrlOf(res)), 'schema', '/Schemas');
  });
  return router;
}
