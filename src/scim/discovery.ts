import type { JsonObject, JsonValue } from './json.ts';
import { listResponse } from './list-response.ts';
import { ScimError } from './scim-error.ts';
import type { AttributeDefinition, ResourceType, SchemaDefinition } from './schema.ts';
import { resourceTypeUrn, schemaUrn, serviceProviderConfigUrn } from './urns.ts';

/** What the service around this protocol does; each answer below is true only as far as these are. */
export interface ServiceFeatures {
  /** The SCIM base URL, without a slash at the end. */
  readonly baseUrl: string;
  /** Most resources that one answer lists. */
  readonly maxResults: number;
  /** Null where there is no `/Bulk`. `maxPayloadSize` in bytes. */
  readonly bulk: { readonly maxOperations: number; readonly maxPayloadSize: number } | null;
  readonly sort: boolean;
  readonly etag: boolean;
  /** Cursor pagination of RFC 9865; null where it is not offered. `cursorTimeout` in seconds. */
  readonly cursorPagination?: {
    readonly defaultPageSize: number;
    readonly maxPageSize: number;
    readonly cursorTimeout?: number;
  } | null;
  readonly documentationUri?: string;
}

/** `/ServiceProviderConfig` (RFC 7643 section 5). */
export function serviceProviderConfig(features: ServiceFeatures): JsonObject {
  const { baseUrl, maxResults, bulk, cursorPagination, documentationUri } = features;
  return {
    schemas: [serviceProviderConfigUrn],
    ...(documentationUri === undefined ? {} : { documentationUri }),
    patch: { supported: true },
    // authentik parses strictly: the two numbers are there even where bulk is not.
    bulk: {
      supported: bulk !== null,
      maxOperations: bulk?.maxOperations ?? 0,
      maxPayloadSize: bulk?.maxPayloadSize ?? 0,
    },
    filter: { supported: true, maxResults },
    changePassword: { supported: false },
    sort: { supported: features.sort },
    etag: { supported: features.etag },
    pagination: pagination(maxResults, cursorPagination ?? null),
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'The token that was shown when SCIM was selected, sent as "Authorization: Bearer <token>".',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

function pagination(maxResults: number, cursors: NonNullable<ServiceFeatures['cursorPagination']> | null): JsonObject {
  return {
    cursor: cursors !== null,
    index: true,
    defaultPaginationMethod: 'index',
    maxPageSize: cursors?.maxPageSize ?? maxResults,
    ...(cursors ? { defaultPageSize: cursors.defaultPageSize } : {}),
    ...(cursors?.cursorTimeout === undefined ? {} : { cursorTimeout: cursors.cursorTimeout }),
  };
}

/** One entry of `/ResourceTypes` (RFC 7643 section 6). */
export function resourceTypeDocument(resourceType: ResourceType, baseUrl: string): JsonObject {
  return {
    schemas: [resourceTypeUrn],
    id: resourceType.name,
    name: resourceType.name,
    description: resourceType.description,
    endpoint: resourceType.endpoint,
    schema: resourceType.schema.id,
    // Resources are accepted without any extension, so none is required.
    schemaExtensions: resourceType.extensions.map(({ id }) => ({ schema: id, required: false })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${resourceType.name}` },
  };
}

/** `/ResourceTypes`. */
export function resourceTypesDocument(resourceTypes: readonly ResourceType[], baseUrl: string): JsonObject {
  return everything(resourceTypes.map((resourceType) => resourceTypeDocument(resourceType, baseUrl)));
}

/** `/ResourceTypes/{name}`; undefined when there is none. */
export function findResourceTypeDocument(
  name: string,
  resourceTypes: readonly ResourceType[],
  baseUrl: string,
): JsonObject | undefined {
  const found = resourceTypes.find((resourceType) => resourceType.name === name);
  return found && resourceTypeDocument(found, baseUrl);
}

/** `/Schemas`: the schemas of all resource types, each once. */
export function schemasDocument(resourceTypes: readonly ResourceType[], baseUrl: string): JsonObject {
  return everything(schemasOfTypes(resourceTypes).map((schema) => schemaDocument(schema, baseUrl)));
}

/** `/Schemas/{urn}`, letter case aside; undefined when there is none. */
export function findSchemaDocument(
  urn: string,
  resourceTypes: readonly ResourceType[],
  baseUrl: string,
): JsonObject | undefined {
  const found = schemasOfTypes(resourceTypes).find(({ id }) => id.toLowerCase() === urn.toLowerCase());
  return found && schemaDocument(found, baseUrl);
}

/**
 * Discovery answers cannot be filtered (RFC 7644 section 4): a client that asks for it must not take the full list for a
 * match.
 *
 * @throws ScimError 403
 */
export function refuseDiscoveryFilter(parameters: Readonly<Record<string, unknown>>): void {
  if (Object.keys(parameters).some((name) => name.toLowerCase() === 'filter')) {
    throw new ScimError(403, undefined, 'This endpoint cannot be filtered. Ask again without "filter".');
  }
}

function schemasOfTypes(resourceTypes: readonly ResourceType[]): SchemaDefinition[] {
  const schemas = resourceTypes.flatMap(({ schema, extensions }) => [schema, ...extensions]);
  return [...new Map(schemas.map((schema) => [schema.id, schema])).values()];
}

function everything(resources: readonly JsonObject[]): JsonObject {
  return listResponse({
    resources,
    totalResults: resources.length,
    startIndex: 1,
    itemsPerPage: resources.length,
  });
}

/** One schema (RFC 7643 section 7). */
function schemaDocument(schema: SchemaDefinition, baseUrl: string): JsonObject {
  return {
    schemas: [schemaUrn],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(attributeDocument),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  };
}

function attributeDocument(definition: AttributeDefinition): JsonObject {
  const hasCase = definition.type === 'string' || definition.type === 'reference' || definition.type === 'binary';
  return {
    name: definition.name,
    type: definition.type,
    multiValued: definition.multiValued,
    description: definition.description,
    required: definition.required,
    ...optional('canonicalValues', definition.canonicalValues),
    ...(hasCase ? { caseExact: definition.caseExact } : {}),
    mutability: definition.mutability,
    returned: definition.returned,
    ...(definition.type === 'complex' ? {} : { uniqueness: definition.uniqueness }),
    ...optional('referenceTypes', definition.referenceTypes),
    ...optional('subAttributes', definition.subAttributes?.map(attributeDocument)),
  };
}

function optional(name: string, values: readonly JsonValue[] | undefined): JsonObject {
  return values ? { [name]: [...values] } : {};
}
