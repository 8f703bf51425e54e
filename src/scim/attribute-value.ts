import { findDefinition } from './attribute-lookup.ts';
import { instantOf } from './date-time.ts';
import { asList, booleanFromText, canonicalSubName, complexFromText, hasEmptyValue, unwrapSingle } from './dialects.ts';
import { isJsonObject, isUnassigned, ownValue, setOwn, type JsonObject, type JsonValue } from './json.ts';
import { keepOnePrimary, mergeElements } from './multi-valued.ts';
import { plainMembers } from './plain-members.ts';
import { maxValues } from './resource-limits.ts';
import { badRequest, quoted, type ScimError } from './scim-error.ts';
import type { AttributeDefinition } from './schema.ts';

/**
 * The value of a whole attribute as it is stored: of the type that its definition declares, lists without repetition (the
 * members of a group aside, which become a set) and with one primary at most, readOnly sub-attributes left out. Undefined
 * when the value unassigns the attribute (`null`, `[]`, nothing left).
 *
 * @param where the attribute's name as the client knows it, for messages
 * @throws ScimError 400 invalidValue
 */
export function attributeValue(
  definition: AttributeDefinition,
  value: JsonValue,
  where: string,
): JsonValue | undefined {
  if (!definition.multiValued) return singleValue(definition, value, where);
  if (value === null) return unassigned(definition, value, where);
  const members = plainMembers(definition, value);
  if (members !== undefined) return members;
  const elements = checkedElements(definition, value, where);
  if (elements.length === 0) return unassigned(definition, value, where);
  return requireFewValues(definition, keepOnePrimary(mergeElements(definition, [], elements).elements), where);
}

/**
 * The elements of a list that hold something. Where an empty list says something of its own (the members of a group), an
 * element that names nothing is refused instead: a list of such elements must not be read as an empty one.
 *
 * @throws ScimError 400 invalidValue
 */
export function listElements(definition: AttributeDefinition, value: JsonValue, where: string): JsonValue[] {
  return plainMembers(definition, value) ?? checkedElements(definition, value, where);
}

function checkedElements(definition: AttributeDefinition, value: JsonValue, where: string): JsonValue[] {
  return asList(value).flatMap((element) => {
    const checked = singleValue(definition, element, where);
    if (definition.emptyListKept && !hasValue(checked)) {
      throw badRequest('invalidValue', `Each of "${where}" must have a "value" that is an id.`);
    }
    return checked === undefined ? [] : [checked];
  });
}

function hasValue(element: JsonValue | undefined): boolean {
  return isJsonObject(element) && !isUnassigned(ownValue(element, 'value'));
}

/**
 * The list, unless it is too long (see {@link maxValues}); members of a group are not bounded here.
 *
 * @throws ScimError 400 invalidValue
 */
export function requireFewValues(definition: AttributeDefinition, list: JsonValue[], where: string): JsonValue[] {
  if (list.length > maxValues && !definition.emptyListKept) {
    throw badRequest('invalidValue', `"${where}" has ${list.length} values; at most ${maxValues} are accepted.`);
  }
  return list;
}

/**
 * The same for one value: of an attribute that is not multi-valued, or one element of a list.
 *
 * @throws ScimError 400 invalidValue
 */
export function singleValue(definition: AttributeDefinition, sent: JsonValue, where: string): JsonValue | undefined {
  const value = unwrapSingle(definition, sent);
  if (value === null || (Array.isArray(value) && value.length === 0)) return unassigned(definition, value, where);
  switch (definition.type) {
    case 'string':
    case 'reference':
      return text(definition, value, where);
    case 'binary':
      return base64(definition, value, where);
    case 'boolean': {
      const flag = booleanFromText(value);
      if (flag === undefined) throw wrongType(definition, value, where);
      return flag;
    }
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrongType(definition, value, where);
      return value;
    case 'decimal':
      if (typeof value !== 'number') throw wrongType(definition, value, where);
      return value;
    case 'dateTime':
      if (typeof value !== 'string' || instantOf(value) === undefined) throw wrongType(definition, value, where);
      return value;
    case 'complex':
      return complexValue(definition, value, where);
  }
}

function text(definition: AttributeDefinition, value: JsonValue, where: string): string {
  if (typeof value !== 'string') throw wrongType(definition, value, where);
  if (definition.required && value.trim() === '') {
    throw badRequest('invalidValue', `"${where}" is required and must not be empty.`);
  }
  return value;
}

function base64(definition: AttributeDefinition, value: JsonValue, where: string): string {
  // Line breaks are common in certificates. Taken out first: a pattern that allows them everywhere could backtrack.
  if (typeof value !== 'string' || !/^[\w+/-]*={0,2}$/u.test(value.replaceAll(/\s/gu, ''))) {
    throw wrongType(definition, value, where);
  }
  return value;
}

function complexValue(definition: AttributeDefinition, sent: JsonValue, where: string): JsonObject | undefined {
  const value = typeof sent === 'string' ? complexFromText(definition, sent) : sent;
  if (value === null) return undefined;
  if (!isJsonObject(value)) throw wrongType(definition, sent, where);
  if (hasEmptyValue(definition, value)) return undefined;
  const object: JsonObject = {};
  for (const key of Object.keys(value)) {
    const member = ownValue(value, key);
    const sub = findDefinition(definition.subAttributes, canonicalSubName(definition, key));
    if (member === undefined || isUnassigned(member) || sub?.mutability === 'readOnly') continue;
    const name = sub?.name ?? key;
    const checked = sub ? attributeValue(sub, member, `${where}.${name}`) : member;
    if (checked === undefined) continue;
    if (Object.hasOwn(object, name)) throw badRequest('invalidSyntax', `"${where}.${name}" is given twice.`);
    setOwn(object, name, checked);
  }
  return Object.keys(object).length === 0 ? undefined : object;
}

/** @throws ScimError 400 invalidValue for an attribute whose absence would be read as something else */
function unassigned(definition: AttributeDefinition, sent: JsonValue, where: string): JsonValue | undefined {
  if (definition.neverUnassigned) throw wrongType(definition, sent, where);
  if (definition.required) throw badRequest('invalidValue', `"${where}" is required and must have a value.`);
  return undefined;
}

const expectations: Record<AttributeDefinition['type'], string> = {
  string: 'text',
  reference: 'text (an address)',
  binary: 'text in base64',
  boolean: 'true or false',
  integer: 'an integer',
  decimal: 'a number',
  dateTime: 'a time such as "2026-01-31T09:30:00Z"',
  complex: 'an object',
};

/** The refusal of a value that is not of the declared type; `null` and `[]` count as values here. */
export function wrongType(definition: AttributeDefinition, value: JsonValue, where: string): ScimError {
  const shown = definition.returned === 'never' ? 'that value' : describe(value);
  return badRequest('invalidValue', `"${where}" must be ${expectations[definition.type]}, not ${shown}.`);
}

/** A value in a few words: a long one does not belong in a message. */
function describe(value: JsonValue): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isJsonObject(value)) return 'an object';
  return typeof value === 'string' ? quoted(value) : String(value);
}
