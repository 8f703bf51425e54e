import { sameName } from './fold-case.ts';
import { isJsonObject, ownValue, type JsonObject, type JsonValue } from './json.ts';
import { checkedBody, isReservedName } from './safe-json.ts';
import { badRequest, quoted, type ScimError } from './scim-error.ts';
import type { AttributeDefinition, AttributeType, SchemaDefinition } from './schema.ts';

/** More than any extension seen, and few enough for every answer of /Schemas. */
const maxAttributes = 200;

const types: readonly AttributeType[] = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'reference',
  'binary',
  'complex',
];

/** The characteristics of RFC 7643 section 7. */
const characteristics = [
  'name',
  'type',
  'subAttributes',
  'multiValued',
  'description',
  'required',
  'canonicalValues',
  'caseExact',
  'mutability',
  'returned',
  'uniqueness',
  'referenceTypes',
];

/**
 * Reads the definition of an extension schema in the form that /Schemas shows (RFC 7643 section 7), for a platform admin
 * who registers one. Characteristics that are left out have the defaults of RFC 7643 section 2.2. What this service would
 * not keep its word on is refused: `uniqueness` other than "none", and characteristics that contradict each other.
 *
 * @throws ScimError 400 invalidSyntax or invalidValue, naming the attribute
 */
export function parseExtensionSchema(body: unknown): SchemaDefinition {
  const sent = checkedBody(body);
  const id = text(sent, 'id', 'the schema');
  // A URN with a namespace and more (RFC 8141), and nothing in it that a path would take apart.
  if (!/^urn:[a-z0-9][a-z0-9-]{0,31}(?::[\w.-]+)+$/iu.test(id)) {
    throw badRequest('invalidValue', `"id" must be a URN such as "urn:example:scim:acme:2.0:User", not ${quoted(id)}.`);
  }
  return {
    id,
    name: text(sent, 'name', 'the schema'),
    description: text(sent, 'description', 'the schema', ''),
    attributes: parseAttributes(ownValue(sent, 'attributes'), ''),
  };
}

function parseAttributes(sent: JsonValue | undefined, prefix: string): AttributeDefinition[] {
  if (!Array.isArray(sent) || sent.length === 0 || sent.length > maxAttributes) {
    throw badRequest(
      'invalidValue',
      `${prefix === '' ? '"attributes"' : `"subAttributes" of "${prefix}"`} must be a list of 1 to ${maxAttributes} attributes.`,
    );
  }
  const attributes = sent.map((attribute) => parseAttribute(attribute, prefix));
  const names = attributes.map(({ name }) => name.toLowerCase());
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) throw badRequest('invalidValue', `The attribute "${repeated}" is defined twice.`);
  return attributes;
}

function parseAttribute(sent: JsonValue, prefix: string): AttributeDefinition {
  if (!isJsonObject(sent)) throw badRequest('invalidSyntax', 'Each attribute must be an object.');
  const name = text(sent, 'name', 'an attribute');
  // RFC 7643 section 2.1: a letter, then letters, digits, "-" and "_"; section 2.4 adds "$ref" to sub-attributes.
  const isRef = prefix !== '' && name === '$ref';
  if (!(isRef || /^[a-z][\w-]{0,99}$/iu.test(name)) || isReservedName(name)) {
    throw badRequest(
      'invalidValue',
      `${quoted(name)} cannot be the name of an attribute: a letter, then letters, digits, "-" and "_".`,
    );
  }
  const where = prefix === '' ? name : `${prefix}.${name}`;
  requireCharacteristics(sent, where);
  const type = oneOf(sent, 'type', types, 'string', where);
  if (type === 'complex' && prefix !== '') {
    throw badRequest('invalidValue', `"${where}" cannot be complex: sub-attributes have no sub-attributes.`);
  }
  const canonicalValues = textList(sent, 'canonicalValues', where);
  const referenceTypes = textList(sent, 'referenceTypes', where);
  if (type !== 'complex' && (ownValue(sent, 'subAttributes') ?? null) !== null) {
    throw badRequest('invalidValue', `"${where}" has "subAttributes", which only an attribute of type "complex" has.`);
  }
  if (canonicalValues && type !== 'string' && type !== 'reference') {
    throw badRequest('invalidValue', `"${where}" has "canonicalValues", which only text has.`);
  }
  const definition: AttributeDefinition = {
    name,
    type,
    multiValued: flag(sent, 'multiValued', where),
    description: text(sent, 'description', `"${where}"`, ''),
    required: flag(sent, 'required', where),
    caseExact: flag(sent, 'caseExact', where),
    mutability: oneOf(sent, 'mutability', ['readOnly', 'readWrite', 'immutable', 'writeOnly'], 'readWrite', where),
    returned: oneOf(sent, 'returned', ['always', 'never', 'default', 'request'], 'default', where),
    uniqueness: oneOf(sent, 'uniqueness', ['none'], 'none', where),
    ...(canonicalValues ? { canonicalValues } : {}),
    ...(referenceTypes ? { referenceTypes } : {}),
    ...(type === 'complex' ? { subAttributes: parseAttributes(ownValue(sent, 'subAttributes'), where) } : {}),
  };
  requireKeepable(definition, where);
  return definition;
}

/** A misspelt characteristic would otherwise silently have its default. */
function requireCharacteristics(sent: JsonObject, where: string): void {
  const unknown = Object.keys(sent).find((key) => !characteristics.includes(key));
  if (unknown === undefined) return;
  const meant = characteristics.find((known) => sameName(known, unknown));
  const advice = meant === undefined ? `Known are ${characteristics.join(', ')}.` : `Write "${meant}".`;
  throw badRequest('invalidValue', `"${where}" has ${quoted(unknown)}, which is no characteristic. ${advice}`);
}

/** What no client could satisfy, or what this service would have to break. */
function requireKeepable({ required, mutability, returned }: AttributeDefinition, where: string): void {
  if (required && (mutability === 'readOnly' || mutability === 'writeOnly')) {
    throw badRequest(
      'invalidValue',
      `"${where}" cannot be required and ${mutability}: no client could give it a value that is kept.`,
    );
  }
  if (mutability === 'writeOnly' && returned !== 'never' && returned !== 'request') {
    throw badRequest('invalidValue', `"${where}" is writeOnly, so its "returned" must be "never" or "request".`);
  }
}

function text(object: JsonObject, name: string, of: string, fallback?: string): string {
  const value = ownValue(object, name) ?? fallback;
  if (typeof value !== 'string' || (fallback === undefined && value.trim() === '')) {
    throw badRequest('invalidValue', `"${name}" of ${of} must be text.`);
  }
  return value;
}

function flag(object: JsonObject, name: string, where: string): boolean {
  const value = ownValue(object, name) ?? false;
  if (typeof value !== 'boolean') throw wrong(name, where, 'true or false');
  return value;
}

function oneOf<T extends string>(
  object: JsonObject,
  name: string,
  values: readonly T[],
  fallback: T,
  where: string,
): T {
  const sent = ownValue(object, name) ?? fallback;
  const value = values.find((candidate) => candidate === sent);
  if (value === undefined) throw wrong(name, where, values.map((candidate) => `"${candidate}"`).join(', '));
  return value;
}

function textList(object: JsonObject, name: string, where: string): string[] | undefined {
  const value = ownValue(object, name);
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    throw wrong(name, where, 'a list of text');
  return value;
}

function wrong(name: string, where: string, expected: string): ScimError {
  return badRequest('invalidValue', `"${name}" of "${where}" must be ${expected}.`);
}
