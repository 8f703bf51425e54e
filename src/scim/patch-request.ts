import { attributeName, findDefinition, type ResolvedAttribute } from './attribute-lookup.ts';
import { attributeValue, listElements, singleValue } from './attribute-value.ts';
import {
  asList,
  canonicalSubName,
  complexFromText,
  hasEmptyValue,
  membershipOperations,
  membersOfScim11,
  operationName,
  unwrapSingle,
  valueFromJsonText,
  type PatchOp,
} from './dialects.ts';
import { sameName } from './fold-case.ts';
import { isJsonObject, isUnassigned, member, ownValue, setOwn, type JsonObject, type JsonValue } from './json.ts';
import { requireMessageSchema } from './message-schemas.ts';
import { parsePath, type PatchPath } from './path.ts';
import { plainMembers } from './plain-members.ts';
import { checkedBody, checkedValue } from './safe-json.ts';
import { badRequest, quoted } from './scim-error.ts';
import type { AttributeDefinition, ResourceType } from './schema.ts';
import { patchOpUrn } from './urns.ts';

/**
 * One normalised operation: it has a path, and its value is of the type that the schema declares.
 *
 * - `add` and `replace` always have a value. `null` in a `replace` unassigns the target. A list for a whole multi-valued
 *   attribute; for a complex value, members that are `null` are to be cleared and the others set.
 * - `remove` of a whole multi-valued attribute may have a list: only these elements go.
 */
export interface PatchOperation {
  readonly op: PatchOp;
  readonly path: PatchPath;
  readonly value?: JsonValue;
}

/** Where a value stands: named by a path of its own, or one of many in a path-less value, where more is tolerated. */
type Origin = 'path' | 'resource';

/**
 * Reads a PATCH body (RFC 7644 section 3.5.2) into operations with one path each, in order.
 *
 * An empty list of operations gives an empty list, which changes nothing: the RFC asks for one or more, but Microsoft's
 * validator was seen to send none, and a request that asks for nothing is easy to satisfy. The body of SCIM 1.1 that
 * {@link membersOfScim11} knows is taken as an `add` of its members.
 *
 * @throws ScimError 400 invalidSyntax, invalidPath, invalidValue, invalidFilter, mutability or noTarget
 */
export function parsePatchRequest(body: unknown, resourceType: ResourceType): PatchOperation[] {
  const sent = checkedBody(body, 'invalidPath');
  const operations = member(sent, 'Operations');
  const members = membersOfScim11(sent, resourceType);
  if (members) return operationsOfPath('add', parsePath('members', resourceType), members, resourceType, 'resource');
  requireMessageSchema(member(sent, 'schemas'), patchOpUrn, 'a PATCH');
  if (!Array.isArray(operations)) {
    throw badRequest('invalidSyntax', 'A PATCH body must have "Operations", a list of operations.');
  }
  return operations.flatMap((operation) => parseOperation(operation, resourceType));
}

function parseOperation(sent: JsonValue, resourceType: ResourceType): PatchOperation[] {
  if (!isJsonObject(sent)) throw badRequest('invalidSyntax', 'Each of "Operations" must be an object.');
  const op = operationName(member(sent, 'op'));
  if (!op) throw badRequest('invalidSyntax', '"op" must be "add", "replace" or "remove".');
  const path = member(sent, 'path');
  const value = member(sent, 'value');
  if (path !== undefined && path !== null && typeof path !== 'string') {
    throw badRequest('invalidPath', '"path" must be text.');
  }
  if (typeof path === 'string' && path.trim() !== '') {
    return operationsOfPath(op, parsePath(path, resourceType), value, resourceType, 'path');
  }
  if (op === 'remove') throw badRequest('noTarget', 'A "remove" operation needs a "path".');
  const object = typeof value === 'string' ? fromText(value) : value;
  if (!isJsonObject(object)) {
    throw badRequest('invalidValue', 'An operation without "path" needs a "value" that is an object of attributes.');
  }
  return operationsOfResource(op, object, resourceType);
}

/** A path-less value: each of its keys is a path (Entra's `name.givenName` and `urn:...:User:department` included). */
function operationsOfResource(
  op: 'add' | 'replace',
  value: JsonObject,
  resourceType: ResourceType,
  schemaId?: string,
): PatchOperation[] {
  return Object.keys(value).flatMap((key) => {
    const child = ownValue(value, key);
    // authentik repeats `schemas` here; what the resource holds is derived from its attributes.
    if (child === undefined || sameName(key, 'schemas')) return [];
    const path = parsePath(schemaId === undefined ? key : `${schemaId}:${key}`, resourceType);
    return operationsOfPath(op, path, child, resourceType, 'resource');
  });
}

function operationsOfPath(
  op: PatchOp,
  path: PatchPath,
  value: JsonValue | undefined,
  resourceType: ResourceType,
  origin: Origin,
): PatchOperation[] {
  switch (path.kind) {
    case 'attribute':
      return operationsOfAttribute(op, path, value, origin);
    case 'schema': {
      if (op === 'remove') return [{ op, path }];
      if (path.schema === resourceType.schema || !isUnassigned(value)) {
        if (!isJsonObject(value))
          throw badRequest('invalidValue', `"${path.schema.id}" takes an object of attributes.`);
        return operationsOfResource(op, value, resourceType, path.schema.id);
      }
      return op === 'replace' && value !== undefined ? [{ op, path, value: null }] : [];
    }
    case 'unknown': {
      if (op === 'remove') return [{ op, path }];
      if (value === undefined) throw missingValue(op, path.text);
      if (op === 'add' && isUnassigned(value)) return [];
      return [
        {
          op,
          path: { ...path, tolerated: path.tolerated || origin === 'resource' },
          value: isUnassigned(value) ? null : value,
        },
      ];
    }
  }
}

function operationsOfAttribute(
  op: PatchOp,
  path: Extract<PatchPath, { kind: 'attribute' }>,
  sent: JsonValue | undefined,
  origin: Origin,
): PatchOperation[] {
  const { attribute, filter } = path;
  const { definition, sub } = attribute;
  const name = attributeName(attribute);
  if (definition.name === 'schemas') return [];
  if (definition.mutability === 'readOnly' || sub?.mutability === 'readOnly') {
    // Okta repeats the id, wizard apps send groups and meta: readOnly members of a whole resource are ignored.
    if (origin === 'resource') return [];
    throw badRequest('mutability', `"${name}" is read-only and cannot be changed.`);
  }
  const isStructured = !sub && (definition.multiValued || definition.type === 'complex');
  const value = isStructured && typeof sent === 'string' ? (fromText(sent) ?? sent) : sent;

  const valueSub = findDefinition(definition.subAttributes, 'value');
  if (filter && isStructured && typeof value === 'string' && valueSub && !definition.emptyListKept) {
    // Text for a chosen element is its value; what else the element says stays.
    return operationsOfAttribute(op, { ...path, attribute: { ...attribute, sub: valueSub } }, value, origin);
  }
  if (isElementId(path)) return operationsOfAttribute(op, wholeOf(path), asElements(path, value), origin);
  if (op === 'remove') return [removal(path, value)];
  if (origin === 'resource' && value === null && definition.emptyListKept) return [];
  if (value === undefined) {
    // `add members[value eq "x"]` says it all in its path.
    if (filter && !sub && definition.emptyListKept) return [{ op, path, value: null }];
    throw missingValue(op, name);
  }
  if (isStructured && definition.emptyListKept && !filter) {
    const members = plainMembers(definition, value);
    if (members !== undefined) return [{ op, path, value: members }];
    const changes = membershipOperations(value);
    if (changes) {
      return changes.flatMap((change) => operationsOfAttribute(change.op, path, [change.value], origin));
    }
  }
  const checked = checkedOperationValue(attribute, filter !== undefined, value);
  if (definition.mutability === 'writeOnly' || (op === 'add' && checked === null)) return [];
  return [{ op, path, value: checked }];
}

function checkedOperationValue(attribute: ResolvedAttribute, chosen: boolean, value: JsonValue): JsonValue {
  const { definition, sub } = attribute;
  const name = attributeName(attribute);
  if (sub) {
    const checked = attributeValue(sub, value, name) ?? null;
    // The same rule as for whole elements: an empty `value` in a list is none.
    return sub.name === 'value' && definition.multiValued && checked === '' ? null : checked;
  }
  if (definition.emptyListKept || (definition.multiValued && !chosen)) {
    return attributeValue(definition, value, name) ?? null;
  }
  return definition.type === 'complex'
    ? complexChange(definition, value, name)
    : (attributeValue(definition, value, name) ?? null);
}

/** A change of one complex value: members to set, and those to clear as `null`; `null` clears the whole value. */
function complexChange(definition: AttributeDefinition, sent: JsonValue, name: string): JsonObject | null {
  const only =
    Array.isArray(sent) && sent.length === 1 && sent[0] !== undefined ? sent[0] : unwrapSingle(definition, sent);
  const value = typeof only === 'string' ? complexFromText(definition, only) : only;
  const checked = singleValue(definition, only, name);
  if (!isJsonObject(value) || hasEmptyValue(definition, value)) return isJsonObject(checked) ? checked : null;
  if (isUnassigned(value)) return findDefinition(definition.subAttributes, 'value') ? null : {};
  const change: JsonObject = isJsonObject(checked) ? checked : {};
  for (const key of Object.keys(value)) {
    const sub = findDefinition(definition.subAttributes, canonicalSubName(definition, key));
    if (isUnassigned(ownValue(value, key)) && sub?.mutability !== 'readOnly') setOwn(change, sub?.name ?? key, null);
  }
  return change;
}

/** Entra, JumpCloud and authentik name the elements to remove in `value`; without a value the whole target goes. */
function removal(path: Extract<PatchPath, { kind: 'attribute' }>, value: JsonValue | undefined): PatchOperation {
  const { attribute, filter } = path;
  const { definition, sub } = attribute;
  if (value === undefined || value === null || filter || !definition.multiValued) return { op: 'remove', path };
  const checked = listElements(definition, asElements(path, value) ?? [], attributeName(attribute));
  return { op: 'remove', path: sub ? wholeOf(path) : path, value: checked };
}

/** `members.value`: the value of an element cannot change, so the operation is about whole elements with that value. */
function isElementId({ attribute, filter }: Extract<PatchPath, { kind: 'attribute' }>): boolean {
  return (
    !filter &&
    attribute.definition.multiValued &&
    attribute.sub?.name === 'value' &&
    attribute.sub.mutability === 'immutable'
  );
}

function wholeOf({ attribute }: Extract<PatchPath, { kind: 'attribute' }>): Extract<PatchPath, { kind: 'attribute' }> {
  const { urn, extension, definition } = attribute;
  return { kind: 'attribute', attribute: { urn, extension, definition } };
}

/** Values of a sub-attribute as elements that hold it. */
function asElements(
  { attribute: { sub } }: Extract<PatchPath, { kind: 'attribute' }>,
  value: JsonValue | undefined,
): JsonValue | undefined {
  if (!sub || value === undefined || value === null) return value;
  return asList(value).map((element) => (isJsonObject(element) ? element : { [sub.name]: element }));
}

function fromText(text: string): JsonValue | undefined {
  const value = valueFromJsonText(text);
  return value === undefined ? undefined : checkedValue(value, 'invalidPath');
}

function missingValue(op: PatchOp, target: string) {
  return badRequest('invalidValue', `The operation "${op}" of ${quoted(target)} needs a "value".`);
}
