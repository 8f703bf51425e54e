import { canonicalJson, isJsonObject, isUnassigned, ownValue, type JsonObject } from './json.ts';
import { badRequest } from './scim-error.ts';
import type { AttributeDefinition, ResourceType } from './schema.ts';

/**
 * Refuses a change of an immutable attribute that has a value already (RFC 7644 sections 3.5.1 and 3.5.2); giving it its
 * first value is allowed.
 *
 * @throws ScimError 400 mutability
 */
export function requireImmutablesKept(before: JsonObject, after: JsonObject, resourceType: ResourceType): void {
  requireKept(resourceType.schema.attributes, before, after, '');
  for (const extension of resourceType.extensions) {
    const [old, current] = [ownValue(before, extension.id), ownValue(after, extension.id)];
    if (isJsonObject(old)) {
      requireKept(extension.attributes, old, isJsonObject(current) ? current : {}, `${extension.id}:`);
    }
  }
}

function requireKept(
  definitions: readonly AttributeDefinition[],
  before: JsonObject,
  after: JsonObject,
  prefix: string,
): void {
  for (const definition of definitions) {
    if (definition.mutability !== 'immutable') continue;
    const old = ownValue(before, definition.name);
    if (old === undefined || isUnassigned(old)) continue;
    if (canonicalJson(old) !== canonicalJson(ownValue(after, definition.name) ?? null)) {
      throw badRequest('mutability', `"${prefix}${definition.name}" cannot be changed once it has a value.`);
    }
  }
}
