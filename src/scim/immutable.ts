import { canonicalJson, isJsonObject, isUnassigned, ownValue, type JsonObject, type JsonValue } from './json.ts';
import { identityOf } from './multi-valued.ts';
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
    const old = ownValue(before, definition.name);
    if (old === undefined || isUnassigned(old)) continue;
    if (definition.mutability !== 'immutable') {
      requireSubsKept(definition, old, ownValue(after, definition.name), `${prefix}${definition.name}.`);
      continue;
    }
    if (canonicalJson(old) !== canonicalJson(ownValue(after, definition.name) ?? null)) {
      throw badRequest('mutability', `"${prefix}${definition.name}" cannot be changed once it has a value.`);
    }
  }
}

/**
 * The immutable sub-attributes of a complex attribute that itself may change. The whole value, or a whole element, may go;
 * elements are the same when their `value` and `type` are.
 */
function requireSubsKept(
  definition: AttributeDefinition,
  before: JsonValue,
  after: JsonValue | undefined,
  prefix: string,
): void {
  const subs = definition.subAttributes?.filter((sub) => sub.mutability === 'immutable') ?? [];
  if (subs.length === 0 || after === undefined) return;
  if (!Array.isArray(before) || !Array.isArray(after)) {
    if (isJsonObject(before) && isJsonObject(after)) requireKept(subs, before, after, prefix);
    return;
  }
  const now = new Map(after.map((element) => [identityOf(definition, element), element]));
  for (const element of before) {
    const current = now.get(identityOf(definition, element));
    if (isJsonObject(element) && isJsonObject(current)) requireKept(subs, element, current, prefix);
  }
}
