import { findCoreDefinition, findDefinition, findSchema } from './attribute-lookup.ts';
import { attributeValue } from './attribute-value.ts';
import { sameName } from './fold-case.ts';
import { isJsonObject, isUnassigned, ownValue, setOwn, type JsonObject, type JsonValue } from './json.ts';
import { checkedBody } from './safe-json.ts';
import { missingSubAttribute } from './required.ts';
import { badRequest, quoted } from './scim-error.ts';
import type { AttributeDefinition, ResourceType, SchemaDefinition } from './schema.ts';
import { groupUrn, userUrn } from './urns.ts';

/**
 * A resource as it is stored: canonical attribute names, declared types, extension objects under their URN, unknown
 * attributes and URNs under the name they came with. It holds no `id`, `meta`, `schemas`, `password` or `groups`.
 */
export type ParsedResource = JsonObject;

/**
 * Reads the body of a POST or PUT (RFC 7644 sections 3.3 and 3.5.1).
 *
 * readOnly attributes are ignored, as RFC 7644 asks; `null` and `[]` mean "no value" (RFC 7643 section 2.5), except that
 * an empty list of members is kept, because a PUT has to tell it from absence. A `null` there counts as absence: emptying
 * a group takes access away, so it wants to be said. `schemas` may be missing and may name URNs that we do not know
 * (Google's SCIM 1, Microsoft's ADSCIM), but not only the schema of another resource type.
 *
 * @throws ScimError 400 invalidSyntax or invalidValue
 */
export function parseResource(body: unknown, resourceType: ResourceType): ParsedResource {
  const sent = checkedBody(body);
  const resource: ParsedResource = {};
  for (const key of Object.keys(sent)) {
    const value = ownValue(sent, key);
    if (value === undefined) continue;
    if (sameName(key, 'schemas')) {
      checkSchemas(value, resourceType);
      continue;
    }
    const schema = findSchema(key, resourceType);
    if (schema === resourceType.schema) {
      if (!isJsonObject(value)) throw badRequest('invalidSyntax', `"${schema.id}" must hold an object.`);
      for (const name of Object.keys(value)) addCoreAttribute(resource, name, ownValue(value, name), resourceType);
    } else if (schema) {
      addOnce(resource, schema.id, extensionValue(schema, value));
    } else {
      addCoreAttribute(resource, key, value, resourceType);
    }
  }
  checkRequired(resourceType.schema.attributes, resource, '');
  for (const extension of resourceType.extensions) {
    const object = ownValue(resource, extension.id);
    if (isJsonObject(object)) checkRequired(extension.attributes, object, `${extension.id}:`);
  }
  return resource;
}

function addCoreAttribute(
  resource: JsonObject,
  key: string,
  value: JsonValue | undefined,
  resourceType: ResourceType,
): void {
  if (value === undefined) return;
  // `urn:...:User:userName` as a key is the same attribute (RFC 7644 section 3.10).
  const prefix = `${resourceType.schema.id}:`;
  const name = key.toLowerCase().startsWith(prefix.toLowerCase()) ? key.slice(prefix.length) : key;
  const definition = findCoreDefinition(name, resourceType);
  if (!definition) {
    addOnce(resource, name, isUnassigned(value) ? undefined : value);
    return;
  }
  addOnce(resource, definition.name, definedValue(definition, value, definition.name));
}

function extensionValue(schema: SchemaDefinition, value: JsonValue): JsonObject | undefined {
  if (isUnassigned(value)) return undefined;
  if (!isJsonObject(value)) throw badRequest('invalidValue', `"${schema.id}" must hold an object.`);
  const extension: JsonObject = {};
  for (const key of Object.keys(value)) {
    const member = ownValue(value, key);
    if (member === undefined) continue;
    const definition = findDefinition(schema.attributes, key);
    const checked = definition
      ? definedValue(definition, member, `${schema.id}:${definition.name}`)
      : isUnassigned(member)
        ? undefined
        : member;
    addOnce(extension, definition?.name ?? key, checked);
  }
  return isUnassigned(extension) ? undefined : extension;
}

/** The value to store, or undefined when there is none or it is not the client's to set. */
function definedValue(definition: AttributeDefinition, value: JsonValue, where: string): JsonValue | undefined {
  if (definition.mutability === 'readOnly') return undefined;
  if (definition.emptyListKept && Array.isArray(value) && value.length === 0) return [];
  const checked = attributeValue(definition, value, where);
  return definition.mutability === 'writeOnly' ? undefined : checked;
}

function addOnce(object: JsonObject, name: string, value: JsonValue | undefined): void {
  if (value === undefined) return;
  if (Object.hasOwn(object, name)) {
    throw badRequest('invalidSyntax', `${quoted(name)} is given twice in different letter case.`);
  }
  setOwn(object, name, value);
}

function checkRequired(definitions: readonly AttributeDefinition[], object: JsonObject, prefix: string): void {
  for (const definition of definitions) {
    if (
      definition.required &&
      definition.mutability !== 'readOnly' &&
      isUnassigned(ownValue(object, definition.name))
    ) {
      throw badRequest('invalidValue', `"${prefix}${definition.name}" is required and must have a value.`);
    }
    const missing = missingSubAttribute(definition, ownValue(object, definition.name));
    if (missing !== undefined) {
      throw badRequest('invalidValue', `"${prefix}${missing}" is required and must have a value.`);
    }
  }
}

function checkSchemas(value: JsonValue, resourceType: ResourceType): void {
  if (value === null) return;
  if (!Array.isArray(value) || !value.every((urn) => typeof urn === 'string')) {
    throw badRequest('invalidSyntax', '"schemas" must be a list of schema URNs.');
  }
  const named = (urn: string) => value.some((candidate) => sameName(candidate, urn));
  const foreign = [userUrn, groupUrn].find((urn) => urn !== resourceType.schema.id && named(urn));
  if (foreign !== undefined && !named(resourceType.schema.id)) {
    throw badRequest(
      'invalidSyntax',
      `"schemas" names ${foreign}, but ${resourceType.endpoint} takes resources of ${resourceType.schema.id}.`,
    );
  }
}
