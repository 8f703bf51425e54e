import { canonicalJson, isJsonObject, isUnassigned, ownValue, type JsonObject, type JsonValue } from './json.ts';
import type { ResourceType } from './schema.ts';

/**
 * Names of the attributes whose values differ between two states of a resource: top-level names, and `urn:name` inside
 * extensions. No value and an empty one are the same, and so are lists in another order (RFC 7643 section 2.4 gives the
 * order no meaning).
 */
export function changedAttributes(before: JsonObject, after: JsonObject, resourceType: ResourceType): string[] {
  return changedMembers(before, after).flatMap((name) => {
    if (!resourceType.extensions.some((extension) => extension.id === name)) return [name];
    const members = changedMembers(asObject(ownValue(before, name)), asObject(ownValue(after, name)));
    return members.map((member) => `${name}:${member}`);
  });
}

function changedMembers(before: JsonObject, after: JsonObject): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !sameValue(ownValue(before, name), ownValue(after, name)));
}

function sameValue(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
  if (before === after) return true;
  if (before === undefined || after === undefined || isUnassigned(before) || isUnassigned(after)) {
    return isUnassigned(before) && isUnassigned(after);
  }
  return comparable(before) === comparable(after);
}

function comparable(value: JsonValue): string {
  return Array.isArray(value) ? `[${value.map(canonicalJson).sort().join(',')}]` : canonicalJson(value);
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
