/**
 * What identity providers send instead of what RFC 7643 and RFC 7644 describe, and what it means. Each rule names the
 * provider that needs it; the rest of the protocol calls these where the shape can turn up, and knows no provider.
 */
import { findDefinition } from './attribute-lookup.ts';
import { isJsonObject, ownValue, type JsonObject, type JsonValue } from './json.ts';
import type { AttributeDefinition } from './schema.ts';

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
 * OneLogin's samples change memberships as SCIM 1.1 did (section 3.3.2 there): each element says itself whether it is to
 * be added or deleted. Returns undefined for a list without a single such element.
 */
export function membershipOperations(elements: JsonValue): { op: 'add' | 'remove'; value: JsonObject }[] | undefined {
  const list = asList(elements);
  if (!list.some((element) => isJsonObject(element) && operationOfElement(element) !== undefined)) return undefined;
  return list.flatMap((element) => {
    if (!isJsonObject(element)) return [];
    const operation = operationOfElement(element);
    const value = Object.fromEntries(Object.entries(element).filter(([key]) => key.toLowerCase() !== 'operation'));
    return [{ op: operation?.toLowerCase() === 'delete' ? ('remove' as const) : ('add' as const), value }];
  });
}

function operationOfElement(element: JsonObject): string | undefined {
  const key = Object.keys(element).find((name) => name.toLowerCase() === 'operation');
  const operation = key === undefined ? undefined : ownValue(element, key);
  return typeof operation === 'string' ? operation : undefined;
}
