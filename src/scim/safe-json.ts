import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { maxValues } from './resource-limits.ts';
import { badRequest, quoted, type ScimType } from './scim-error.ts';

/**
 * Deepest nesting of a request body. A SCIM resource needs five levels (extension, attribute, list, element,
 * sub-attribute); the rest is room for unknown attributes. The bound keeps every later recursion shallow.
 */
export const maxJsonDepth = 64;

const names = new Set(['prototype', ...Object.getOwnPropertyNames(Object.prototype)]);

/**
 * A name that every JavaScript object already answers to (`__proto__`, `constructor`, `toString`, ...) or `prototype`.
 * No SCIM attribute is called so; letting one become a property name is how prototypes get polluted.
 */
export function isReservedName(name: string): boolean {
  return names.has(name);
}

/** Whether any part of a dotted, URN-prefixed or bracketed key is reserved. */
export function holdsReservedName(key: string): boolean {
  // Nearly every key is a plain name, and a body may have a hundred thousand of them.
  if (/^\w*$/u.test(key)) return isReservedName(key);
  return key.split(/[.:[\]]/u).some((part) => isReservedName(part.trim()));
}

/** Text that UTF-8 and Postgres can hold: no NUL, no half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !/\0|\p{Surrogate}/u.test(text);
}

/**
 * Checks a parsed request body before anything else looks at it: an object, nested no deeper than `maxJsonDepth`,
 * without reserved names, unstorable text or numbers that JSON cannot carry.
 *
 * @param reservedNameError what a reserved name means in this message: a PATCH treats keys as paths
 * @throws ScimError 400
 */
export function checkedBody(body: unknown, reservedNameError: ScimType = 'invalidSyntax'): JsonObject {
  if (!isJsonObject(body)) throw badRequest('invalidSyntax', 'The request body must be a JSON object.');
  checkValue(body, 1, reservedNameError);
  return body;
}

/** The same check for JSON that arrived inside a text value. */
export function checkedValue(value: JsonValue, reservedNameError: ScimType): JsonValue {
  checkValue(value, 1, reservedNameError);
  return value;
}

function checkValue(value: unknown, depth: number, reservedNameError: ScimType): void {
  if (typeof value === 'string') {
    if (!isStorableText(value)) {
      throw badRequest(
        'invalidValue',
        `The value ${quoted(value)} holds a character that cannot be stored (NUL or a lone surrogate).`,
      );
    }
    return;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw badRequest('invalidValue', 'A number in the request is too large.');
    return;
  }
  if (value === null || typeof value === 'boolean') return;
  if (typeof value !== 'object') throw badRequest('invalidSyntax', 'The request body is not JSON.');
  if (depth > maxJsonDepth) {
    throw badRequest('invalidSyntax', `The request body is nested deeper than ${maxJsonDepth} levels.`);
  }
  if (Array.isArray(value)) {
    for (const element of value) checkValue(element, depth + 1, reservedNameError);
    return;
  }
  const keys = Object.keys(value);
  if (keys.length > maxValues) {
    throw badRequest('invalidSyntax', `An object has ${keys.length} members; at most ${maxValues} are accepted.`);
  }
  for (const key of keys) {
    if (holdsReservedName(key)) {
      throw badRequest(reservedNameError, `${quoted(key)} is not an attribute name; the name is reserved.`);
    }
    if (!isStorableText(key)) throw badRequest('invalidSyntax', 'An attribute name holds an unusable character.');
    checkValue((value as Record<string, unknown>)[key], depth + 1, reservedNameError);
  }
}
