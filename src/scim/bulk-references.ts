import { findDefinition, lookUpName } from './attribute-lookup.ts';
import { canonicalSubName } from './dialects.ts';
import { sameName } from './fold-case.ts';
import { isJsonObject, member, ownValue, setOwn, type JsonObject, type JsonValue } from './json.ts';
import type { AttributeDefinition, ResourceType } from './schema.ts';

const prefix = 'bulkId:';

/** What of a bulk operation can hold references. */
interface Referring {
  readonly method: string;
  readonly resourceType: ResourceType;
  readonly id?: string;
  readonly data?: JsonObject;
}

/**
 * The operation with every reference `bulkId:...` (RFC 7644 section 3.7.2) replaced. References stand in paths, and where
 * the schemas have a reference to a resource: in the `value` beside a `$ref`, such as that of a member or a manager. Text
 * such as a title that happens to begin with `bulkId:` is text.
 *
 * @param replace gives the id for a bulkId; what it throws ends the replacement
 */
export function mapReferences<T extends Referring>(operation: T, replace: (bulkId: string) => string): T {
  const { id, data, resourceType, method } = operation;
  const mapText = (text: string): string => (text.startsWith(prefix) ? replace(text.slice(prefix.length)) : text);
  return {
    ...operation,
    ...(id === undefined ? {} : { id: mapText(id) }),
    ...(data === undefined ? {} : { data: mapData(data, resourceType, method, mapText) }),
  };
}

type MapText = (text: string) => string;

function mapData(data: JsonObject, resourceType: ResourceType, method: string, mapText: MapText): JsonObject {
  const operations = method === 'PATCH' ? member(data, 'Operations') : undefined;
  if (!Array.isArray(operations)) return mapResource(data, resourceType, mapText);
  return mapMembers(data, (key, value) =>
    sameName(key, 'Operations')
      ? operations.map((one) => (isJsonObject(one) ? mapPatch(one, resourceType, mapText) : one))
      : value,
  );
}

function mapPatch(operation: JsonObject, resourceType: ResourceType, mapText: MapText): JsonObject {
  const path = member(operation, 'path');
  const hasPath = typeof path === 'string' && path.trim() !== '';
  return mapMembers(operation, (key, value) => {
    if (sameName(key, 'path') && hasPath) return mapPath(path, mapText);
    if (!sameName(key, 'value')) return value;
    if (!hasPath) return isJsonObject(value) ? mapResource(value, resourceType, mapText) : value;
    const [head = ''] = path.trim().split('[');
    // After a filter comes a sub-attribute: `members[value eq "x"].value`.
    const sub = /\]\s*(\.[^.\]]+)$/u.exec(path)?.[1] ?? '';
    return mapNamed(`${head}${sub}`, value, resourceType, mapText);
  });
}

/** `members[value eq "bulkId:x"]` */
function mapPath(path: string, mapText: MapText): string {
  return path.replaceAll(/"(bulkId:[^"\\]*)"/gu, (_, reference: string) => JSON.stringify(mapText(reference)));
}

function mapResource(resource: JsonObject, resourceType: ResourceType, mapText: MapText, urn?: string): JsonObject {
  return mapMembers(resource, (key, value) =>
    mapNamed(urn === undefined ? key : `${urn}:${key}`, value, resourceType, mapText),
  );
}

/** The value of what a name stands for. */
function mapNamed(name: string, value: JsonValue, resourceType: ResourceType, mapText: MapText): JsonValue {
  const meaning = lookUpName(name, resourceType);
  if (meaning.kind === 'schema') {
    return isJsonObject(value) ? mapResource(value, resourceType, mapText, meaning.schema.id) : value;
  }
  if (meaning.kind !== 'attribute') return value;
  const { definition, sub } = meaning.attribute;
  if (!refersToResources(definition) || (sub && sub.name !== 'value')) return value;
  return mapReference(definition, value, mapText);
}

function refersToResources(definition: AttributeDefinition): boolean {
  return (
    findDefinition(definition.subAttributes, '$ref') !== undefined &&
    findDefinition(definition.subAttributes, 'value') !== undefined
  );
}

function mapReference(definition: AttributeDefinition, value: JsonValue, mapText: MapText): JsonValue {
  if (typeof value === 'string') return mapText(value);
  if (Array.isArray(value)) return value.map((element) => mapReference(definition, element, mapText));
  if (!isJsonObject(value)) return value;
  return mapMembers(value, (key, child) =>
    typeof child === 'string' && sameName(canonicalSubName(definition, key), 'value') ? mapText(child) : child,
  );
}

function mapMembers(object: JsonObject, map: (key: string, value: JsonValue) => JsonValue): JsonObject {
  const mapped: JsonObject = {};
  for (const key of Object.keys(object)) {
    const value = ownValue(object, key);
    if (value !== undefined) setOwn(mapped, key, map(key, value));
  }
  return mapped;
}
