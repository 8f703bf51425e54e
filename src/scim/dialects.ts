/**
 * What identity providers send instead of what RFC 7643 and RFC 7644 describe, and what it means. Each rule names the
 * provider that needs it. Here are those about the shape of what is sent: letter case of operations, text in place of
 * booleans, objects, lists and JSON, other names, the messages of SCIM 1.1, and what a `replace` may make.
 *
 * Tolerances that are part of a grammar, or of what an operation does, stand beside it:
 * - `filter.ts` and `filter-value.ts`: bare words, `primary eq "True"`, a complex attribute that is compared as its `value`
 * - `attribute-lookup.ts`: URNs and names in other letter case, URNs that nobody registered
 * - `patch-request.ts`: a value with the elements to remove, readOnly attributes in a path-less value, an empty `path`
 * - `group-members-patch.ts`: members that are added by their path alone
 * - `multi-valued.ts`: elements to remove that have no `type`, two primaries
 * - `parse-resource.ts` and `message-schemas.ts`: `schemas` that is missing or names what is not known
 */
import { findDefinition } from './attribute-lookup.ts';
import { isJsonObject, keyOf, member, ownValue, type JsonObject, type JsonValue } from './json.ts';
import { namesSchema } from './message-schemas.ts';
import type { AttributeDefinition, ResourceType } from './schema.ts';
import { patchOpUrn } from './urns.ts';

export type PatchOp = 'add' | 'replace' | 'remove';

/** Entra writes `Add`, `Replace`, `Remove`. Undefined for anything that is not an operation in any letter case. */
export function operationName(op: JsonValue | undefined): PatchOp | undefined {
  if (typeof op !== 'string') return undefined;
  const name = op.toLowerCase();
  return name === 'add' || name === 'replace' || name === 'remove' ? name : undefined;
}

/**
 * Entra writes booleans as `"True"` and `"False"`, the Keycloak extension and OneLogin's templates as `"true"` and
 * `"false"`. Nothing else is a boolean: `"0"`, `0`, `"no"` or `""` must never turn into one by accident.
 */
export function booleanFromText(value: JsonValue): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** OneLogin (as django-scim2 records) sends `emails` as one object where a list belongs. */
export function asList(value: JsonValue): JsonValue[] {
  return Array.isArray(value) ? value : [value];
}

/** Entra sends the manager, a single value, as a list of one. Longer lists are left for the type check to refuse. */
export function unwrapSingle(definition: AttributeDefinition, value: JsonValue): JsonValue {
  const only = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
  return definition.type === 'complex' && only !== undefined ? only : value;
}

/**
 * Entra sends a manager as the bare id, and some senders list members as bare ids: text where a complex value belongs is
 * its `value`. The empty text, with which Microsoft's validator clears a manager, says that there is none.
 * Returns undefined when the attribute has no `value` to hold the text.
 */
export function complexFromText(definition: AttributeDefinition, text: string): JsonObject | null | undefined {
  if (!findDefinition(definition.subAttributes, 'value')) return undefined;
  return text.trim() === '' ? null : { value: text };
}

/** OneLogin's template calls the manager's id `managerId`, the name of SCIM 1.1. */
export function canonicalSubName(definition: AttributeDefinition, name: string): string {
  return definition.name === 'manager' && name.toLowerCase() === 'managerid' ? 'value' : name;
}

/**
 * Ping sends an empty second e-mail, OneLogin a manager whose id is `""`: a complex value whose own `value` is said to be
 * empty carries nothing.
 */
export function hasEmptyValue(definition: AttributeDefinition, sent: JsonObject): boolean {
  if (!findDefinition(definition.subAttributes, 'value')) return false;
  return Object.keys(sent).some((key) => {
    if (canonicalSubName(definition, key).toLowerCase() !== 'value') return false;
    const value = ownValue(sent, key);
    return value === null || (typeof value === 'string' && value.trim() === '');
  });
}

/** Old versions of SCIM for Keycloak send the value of an operation as JSON inside text. */
export function valueFromJsonText(text: string): JsonValue | undefined {
  if (!/^\s*[[{]/u.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) || isJsonObject(value) ? (value as JsonValue) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The members in the PATCH of SCIM 1.1 that OneLogin's samples send to a group: `members` without `Operations`. Whatever
 * else the body says is not used. Undefined for any other body, above all one that says it is a PatchOp.
 */
export function membersOfScim11(body: JsonObject, resourceType: ResourceType): JsonValue[] | undefined {
  if (resourceType.name !== 'Group' || keyOf(body, 'Operations') !== undefined) return undefined;
  const members = member(body, 'members');
  return Array.isArray(members) && !namesSchema(member(body, 'schemas'), patchOpUrn) ? members : undefined;
}

/**
 * Entra replaces what it believes to be there, such as `emails[type eq "work"].value`: a sub-attribute of an element that
 * is chosen by `type` or `primary` alone is then made instead of missed.
 *
 * @param chosenBy names of the sub-attributes that the filter compares
 */
export function replaceMakes(chosenBy: readonly string[]): boolean {
  return chosenBy.every((name) => name === 'type' || name === 'primary');
}

/**
 * OneLogin's samples change memberships as SCIM 1.1 did (section 3.3.2 there): each element says itself whether it is to
 * be added or deleted. Returns undefined for a list without a single such element.
 */
export function membershipOperations(elements: JsonValue): { op: 'add' | 'remove'; value: JsonValue }[] | undefined {
  const list = asList(elements);
  if (!list.some((element) => isJsonObject(element) && operationOfElement(element) !== undefined)) return undefined;
  return list.map((element) => {
    if (!isJsonObject(element)) return { op: 'add' as const, value: element };
    const operation = operationOfElement(element);
    const value = Object.fromEntries(Object.entries(element).filter(([key]) => key.toLowerCase() !== 'operation'));
    return { op: operation?.toLowerCase() === 'delete' ? ('remove' as const) : ('add' as const), value };
  });
}

function operationOfElement(element: JsonObject): string | undefined {
  const operation = member(element, 'operation');
  return typeof operation === 'string' ? operation : undefined;
}
