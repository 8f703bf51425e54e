import { findDefinition } from './attribute-lookup.ts';
import {
  cloneJson,
  isJsonObject,
  isUnassigned,
  ownValue,
  removeOwn,
  setOwn,
  type JsonObject,
  type JsonValue,
} from './json.ts';
import type { AttributeDefinition } from './schema.ts';

/**
 * A complex value after a change: members that are `null` in the change go, the others are set, and those not mentioned
 * stay (RFC 7644 section 3.5.2.3). A new `value` leaves no `$ref` behind that points to the old one.
 */
export function mergedComplex(definition: AttributeDefinition, current: JsonObject, change: JsonObject): JsonObject {
  const merged: JsonObject = { ...current };
  for (const key of Object.keys(change)) {
    const value = ownValue(change, key);
    if (value === undefined || value === null) removeOwn(merged, key);
    else setOwn(merged, key, patchedMember(definition, ownValue(merged, key), key, cloneJson(value)));
  }
  const refersElsewhere = Object.hasOwn(change, 'value') && ownValue(change, 'value') !== ownValue(current, 'value');
  if (refersElsewhere && !Object.hasOwn(change, '$ref') && findDefinition(definition.subAttributes, '$ref')) {
    removeOwn(merged, '$ref');
  }
  return merged;
}

/** Members that no schema defines merge like objects; defined ones are of simple types and replaced. */
function patchedMember(
  definition: AttributeDefinition,
  current: JsonValue | undefined,
  key: string,
  value: JsonValue,
): JsonValue {
  const isDefined = findDefinition(definition.subAttributes, key) !== undefined;
  return !isDefined && isJsonObject(current) && isJsonObject(value) ? { ...current, ...value } : value;
}

/** Whether a list element still says something: one whose `value` was cleared, or with no members, does not. */
export function isWorthKeeping(definition: AttributeDefinition, element: JsonObject, change: JsonObject): boolean {
  if (isUnassigned(element)) return false;
  const lostValue = Object.hasOwn(change, 'value') && !Object.hasOwn(element, 'value');
  return !(lostValue && findDefinition(definition.subAttributes, 'value'));
}
