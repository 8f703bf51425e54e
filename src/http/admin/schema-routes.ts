import type { Response, Router } from 'express';
import { scimSchemaEndpoints } from '../../contract/scim-schemas.ts';
import type { Database } from '../../platform/database.ts';
import {
  deleteExtensionSchema,
  getExtensionSchema,
  listExtensionSchemas,
  setExtensionSchema,
  type ExtensionSchema,
} from '../../provisioning/extension-schemas.ts';
import type { JsonObject } from '../../scim/json.ts';
import type { Cause } from '../../sync-log/append.ts';
import { contextOf } from '../request-context.ts';
import { route, type RouteDependencies } from './route.ts';

interface SchemaDependencies extends RouteDependencies {
  db: Database;
}

/** Extension schemas of SCIM, for all organizations. */
export function addSchemaRoutes(router: Router, deps: SchemaDependencies): void {
  route(router, deps, scimSchemaEndpoints.listScimSchemas, async ({ db }) => ({
    items: (await listExtensionSchemas(db)).map(schemaAnswer),
    nextCursor: null,
  }));
  route(router, deps, scimSchemaEndpoints.getScimSchema, async ({ db, params }) =>
    schemaAnswer(await getExtensionSchema(db, params.urn)),
  );
  route(router, deps, scimSchemaEndpoints.setScimSchema, async ({ db, params, body, cause, res }) => {
    const { resourceType, ...definition } = body;
    // Parsed from JSON, so it is a JSON object; zod's optional members are what keeps it from being typed as one.
    const input = { urn: params.urn, resourceType, definition: definition as unknown as JsonObject };
    const { schema, outcome } = await setExtensionSchema(db, input);
    logChange(res, cause, { urn: schema.schema.id, resourceType, outcome });
    return schemaAnswer(schema);
  });
  route(router, deps, scimSchemaEndpoints.deleteScimSchema, async ({ db, params, cause, res }) => {
    await deleteExtensionSchema(db, params.urn);
    logChange(res, cause, { urn: params.urn, outcome: 'deleted' });
  });
}

/** The sync log belongs to organizations; what concerns all of them is told by the service's own log. */
function logChange(res: Response, { actor }: Cause, change: Record<string, string>): void {
  contextOf(res).logger.info({ actor, ...change }, 'SCIM extension schema set');
}

function schemaAnswer({ resourceType, schema, createdAt, updatedAt }: ExtensionSchema) {
  const { id: urn, name, description, attributes } = schema;
  return { urn, resourceType, name, description, attributes, createdAt, updatedAt };
}
