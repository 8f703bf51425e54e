import { requireFewValues } from './attribute-value.ts';
import { changedAttributes } from './changed-attributes.ts';
import { requireImmutablesKept } from './immutable.ts';
import {
  cloneJson,
  isJsonObject,
  isUnassigned,
  keyOf,
  ownValue,
  removeOwn,
  setOwn,
  type JsonObject,
  type JsonValue,
} from './json.ts';
import type { PatchOperation } from './patch-request.ts';
import { patchedElements, patchedList } from './patch-list.ts';
import { mergedComplex } from './patch-complex.ts';
import { unknownAttribute, type PatchPath } from './path.ts';
import { missingSubAttribute } from './required.ts';
import { maxValues } from './resource-limits.ts';
import { badRequest } from './scim-error.ts';
import type { ResourceType } from './schema.ts';

/**
 * Applies operations in order, each to the result of the one before, to a copy (RFC 7644 section 3.5.2). Either all of
 * them take effect or, by an error, none: the resource that is passed in is never touched.
 *
 * @param resource as {@link parseResource} gives it; `id` and `meta` may be there and stay
 * @returns the new state, and the names of the attributes that really differ; none means that nothing is to be done
 * @throws ScimError 400 noTarget, mutability, invalidPath or invalidValue
 */
export function applyPatch(
  resource: JsonObject,
  operations: readonly PatchOperation[],
  resourceType: ResourceType,
): { resource: JsonObject; changed: string[] } {
  const draft = cloneJson(resource);
  for (const operation of operations) applyOperation(draft, operation, resourceType);
  requireValues(resource, draft, resourceType);
  requireImmutablesKept(resource, draft, resourceType);
  return { resource: draft, changed: changedAttributes(resource, draft, resourceType) };
}

function applyOperation(draft: JsonObject, operation: PatchOperation, resourceType: ResourceType): void {
  const { path } = operation;
  switch (path.kind) {
    case 'attribute':
      applyToAttribute(draft, operation, path);
      return;
    case 'schema':
      // What an extension is given arrives as operations on its attributes; only its removal is left.
      removeOwn(draft, path.schema.id);
      return;
    case 'unknown':
      applyToUnknown(draft, operation, path, resourceType);
      return;
  }
}

function applyToAttribute(
  draft: JsonObject,
  operation: PatchOperation,
  { attribute, filter }: Extract<PatchPath, { kind: 'attribute' }>,
): void {
  const { definition, extension, urn } = attribute;
  const holder = extension ? ownValue(draft, urn) : draft;
  const container: JsonObject = isJsonObject(holder) ? holder : {};
  const current = ownValue(container, definition.name);
  const next = patchedValue(current, operation, attribute, filter);
  if (isUnassigned(next) || next === undefined) removeOwn(container, definition.name);
  else setOwn(container, definition.name, next);
  if (!extension) return;
  if (isUnassigned(container)) removeOwn(draft, urn);
  else setOwn(draft, urn, container);
}

function patchedValue(
  current: JsonValue | undefined,
  operation: PatchOperation,
  attribute: Extract<PatchPath, { kind: 'attribute' }>['attribute'],
  filter: Extract<PatchPath, { kind: 'attribute' }>['filter'],
): JsonValue | undefined {
  const { definition, sub } = attribute;
  const value = operation.op === 'remove' ? null : (operation.value ?? null);
  if (definition.multiValued) {
    const list = Array.isArray(current) ? current : current === undefined || current === null ? [] : [current];
    const patched =
      filter || sub
        ? patchedElements(list, operation, { attribute, ...(filter ? { filter } : {}) })
        : patchedList(list, operation, definition);
    return requireFewValues(definition, patched, definition.name);
  }
  if (definition.type !== 'complex') return value;
  const object = isJsonObject(current) ? current : {};
  if (sub) return mergedComplex(definition, object, { [sub.name]: value });
  return isJsonObject(value) ? mergedComplex(definition, object, value) : undefined;
}

/** Values that no schema defines are set, merged and removed as they are, where {@link PatchPath} allows it. */
function applyToUnknown(
  draft: JsonObject,
  { op, value }: PatchOperation,
  path: Extract<PatchPath, { kind: 'unknown' }>,
  resourceType: ResourceType,
): void {
  const wholeKey = path.whole === undefined ? undefined : keyOf(draft, path.whole);
  const isWhole = path.whole !== undefined && (wholeKey !== undefined || isJsonObject(value));
  const keys = isWhole ? [path.whole ?? path.text] : path.keys;
  const trail = keysInResource(draft, keys);
  if (!path.tolerated && trail.depth < keys.length) throw unknownAttribute(path.text, resourceType);
  const unassigns = op === 'remove' || value === undefined || isUnassigned(value);
  if (unassigns && trail.depth < keys.length) return;
  setDeep(draft, trail.keys, unassigns ? undefined : value, op, path.text);
}

/** The keys as the resource spells them, and how many of them it has. */
function keysInResource(draft: JsonObject, keys: readonly string[]): { keys: string[]; depth: number } {
  const spelled: string[] = [];
  let depth = 0;
  let holder: JsonValue | undefined = draft;
  for (const key of keys) {
    const own: string | undefined = isJsonObject(holder) ? keyOf(holder, key) : undefined;
    spelled.push(own ?? key);
    if (own === undefined || !isJsonObject(holder)) {
      holder = undefined;
      continue;
    }
    depth += 1;
    holder = ownValue(holder, own);
  }
  return { keys: spelled, depth };
}

function setDeep(
  holder: JsonObject,
  keys: readonly string[],
  value: JsonValue | undefined,
  op: PatchOperation['op'],
  text: string,
): void {
  const [key, ...rest] = keys;
  if (key === undefined) return;
  const current = ownValue(holder, key);
  if (current === undefined && value !== undefined && Object.keys(holder).length >= maxValues) {
    throw badRequest('invalidValue', `The resource holds more than ${maxValues} attributes in one place.`);
  }
  if (rest.length > 0) {
    if (current !== undefined && !isJsonObject(current)) {
      throw badRequest('invalidPath', `${JSON.stringify(text)} leads through a value that has no members.`);
    }
    const inner: JsonObject = current ?? {};
    setDeep(inner, rest, value, op, text);
    if (isUnassigned(inner)) removeOwn(holder, key);
    else setOwn(holder, key, inner);
  } else if (value === undefined) {
    removeOwn(holder, key);
  } else if (isJsonObject(current) && isJsonObject(value)) {
    setOwn(holder, key, { ...current, ...cloneJson(value) });
  } else if (op === 'add' && Array.isArray(current)) {
    setOwn(holder, key, [...current, ...cloneJson(Array.isArray(value) ? value : [value])]);
  } else {
    setOwn(holder, key, cloneJson(value));
  }
}

/** Checked at the end, so that one PATCH may remove an attribute and add it again. */
function requireValues(before: JsonObject, after: JsonObject, resourceType: ResourceType): void {
  const scopes = [
    { prefix: '', attributes: resourceType.schema.attributes, old: before, current: after },
    ...resourceType.extensions.flatMap(({ id, attributes }) => {
      const [old, current] = [ownValue(before, id), ownValue(after, id)];
      return isJsonObject(current)
        ? [{ prefix: `${id}:`, attributes, old: isJsonObject(old) ? old : {}, current }]
        : [];
    }),
  ];
  for (const { prefix, attributes, old, current } of scopes) {
    for (const definition of attributes) {
      const missing = missingSubAttribute(definition, ownValue(current, definition.name));
      if (missing !== undefined && missingSubAttribute(definition, ownValue(old, definition.name)) === undefined) {
        throw badRequest('invalidValue', `"${prefix}${missing}" is required and must have a value.`);
      }
      if (definition.mutability === 'readOnly' || !isUnassigned(ownValue(current, definition.name))) continue;
      const name = `${prefix}${definition.name}`;
      const wasUnassigned = isUnassigned(ownValue(old, definition.name));
      if (definition.required) {
        throw wasUnassigned
          ? badRequest('invalidValue', `"${name}" is required and must have a value.`)
          : badRequest('mutability', `"${name}" is required and cannot be removed.`);
      }
      if (definition.neverUnassigned && !wasUnassigned) {
        throw badRequest('invalidValue', `"${name}" cannot be removed; set it to true or false.`);
      }
    }
  }
}
