import { isUnassigned, ownValue, type JsonObject } from './json.ts';
import type { ResourceType } from './schema.ts';

/**
 * The `schemas` of a resource (RFC 7643 section 3): its core schema and every extension that it holds values of, kept
 * extensions that nobody registered included. It is derived, whatever the client listed.
 */
export function schemasOf(resource: JsonObject, resourceType: ResourceType): string[] {
  const extensions = Object.keys(resource).filter(
    (key) => key.toLowerCase().startsWith('urn:') && !isUnassigned(ownValue(resource, key)),
  );
  const registered = resourceType.extensions.map(({ id }) => id).filter((id) => !isUnassigned(ownValue(resource, id)));
  return [...new Set([resourceType.schema.id, ...registered, ...extensions])];
}
