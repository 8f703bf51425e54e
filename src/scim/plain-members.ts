import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import type { AttributeDefinition } from './schema.ts';

/**
 * The members of a group, where they say nothing but whom they name, as nearly all do: such a list may be long, and has
 * nothing to be checked but that.
 *
 * @returns the list as its definition has it, aside that somebody may be named twice; undefined: it has to be looked at
 *   element by element
 */
export function plainMembers({ emptyListKept }: AttributeDefinition, value: JsonValue): JsonObject[] | undefined {
  if (emptyListKept !== true || !Array.isArray(value) || value.length === 0) return undefined;
  const members: JsonObject[] = [];
  for (const element of value) {
    const member = plainMember(element);
    if (member === undefined) return undefined;
    members.push(member);
  }
  return members;
}

/** Of `value` alone, or with the `display` that Okta sends and that is readOnly. */
function plainMember(element: JsonValue): JsonObject | undefined {
  if (!isJsonObject(element)) return undefined;
  let hasMore = false;
  let id: JsonValue | undefined;
  for (const key of Object.keys(element)) {
    if (key === 'value') id = element[key];
    else if (key === 'display') hasMore = true;
    else return undefined;
  }
  if (typeof id !== 'string' || id.trim() === '') return undefined;
  return hasMore ? { value: id } : element;
}
