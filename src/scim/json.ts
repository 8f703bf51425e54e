import { sameName } from './fold-case.ts';

/** A JSON value as RFC 8259 knows it. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

export interface JsonObject {
  [key: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member of an object, never what its prototype offers under that name. */
export function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The key under which an object holds a name: as spelled, else the first that differs in letter case alone. */
export function keyOf(object: JsonObject, name: string): string | undefined {
  return Object.hasOwn(object, name) ? name : Object.keys(object).find((candidate) => sameName(candidate, name));
}

/** The member with this name, letter case aside: names in messages are compared as those of attributes. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  const key = keyOf(object, name);
  return key === undefined ? undefined : ownValue(object, key);
}

/**
 * Sets an own member whatever its name is: plain assignment to `__proto__` would change the prototype instead. Checked
 * input never holds such a name; this is the second lock on the door.
 */
export function setOwn(object: JsonObject, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

export function removeOwn(object: JsonObject, key: string): void {
  Reflect.deleteProperty(object, key);
}

/** A deep copy that shares nothing with the original. */
export function cloneJson<T extends JsonValue>(value: T): T;
export function cloneJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((element) => cloneJson(element));
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const member = ownValue(value, key);
    if (member !== undefined) setOwn(copy, key, cloneJson(member));
  }
  return copy;
}

/** Text that is equal exactly for values that are equal, whatever the order of their members. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(ownValue(value, key) ?? null)}`);
  return `{${members.join(',')}}`;
}

/** No value in the sense of RFC 7643 section 2.5: missing, `null`, or an empty list; an empty object counts too. */
export function isUnassigned(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}
