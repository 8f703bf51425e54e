import type { ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import {
  findResourceTypeDocument,
  findSchemaDocument,
  refuseDiscoveryFilter,
  resourceTypesDocument,
  schemasDocument,
  serviceProviderConfig,
} from '../../scim/discovery.ts';
import type { JsonObject } from '../../scim/json.ts';
import type { ResourceType } from '../../scim/schema.ts';
import { ScimError } from '../../scim/scim-error.ts';
import type { Endpoints, Exchange } from './exchange.ts';
import { cursorTimeoutSeconds } from './page-cursor.ts';
import { bulkLimits, pageSize } from './scim-limits.ts';
import type { ScimRequest } from './scim-request.ts';
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

/** The discovery endpoints (RFC 7644 section 4), true to what the other endpoints do. */
export function discoveryEndpoints(): Endpoints {
  return {
    '/ServiceProviderConfig': {
      GET: (exchange, { baseUrl }) => sendAll(exchange, serviceProviderConfig({ baseUrl, ...features })),
    },
    '/ResourceTypes': {
      GET: (exchange, request) => sendAll(exchange, resourceTypesDocument(typesOf(request), request.baseUrl)),
    },
    '/ResourceTypes/:id': {
      GET: ({ res }, request, id) => {
        const document = findResourceTypeDocument(id, typesOf(request), request.baseUrl);
        sendFound(res, document, 'resource type', '/ResourceTypes');
      },
    },
    '/Schemas': {
      GET: (exchange, request) => sendAll(exchange, schemasDocument(typesOf(request), request.baseUrl)),
    },
    '/Schemas/:id': {
      GET: ({ res }, request, id) => {
        sendFound(res, findSchemaDocument(id, typesOf(request), request.baseUrl), 'schema', '/Schemas');
      },
    },
  };
}

function typesOf({ resourceTypes: { user, group } }: ScimRequest): ResourceType[] {
  return [user, group];
}

function sendAll({ res, query }: Exchange, document: JsonObject): void {
  refuseDiscoveryFilter(parse(query));
  sendResource(res, 200, document);
}

function sendFound(res: ServerResponse, document: JsonObject | undefined, what: string, listedAt: string): void {
  if (document === undefined) {
    throw new ScimError(404, undefined, `There is no ${what} of this name; ${listedAt} lists them.`);
  }
  sendResource(res, 200, document);
}
