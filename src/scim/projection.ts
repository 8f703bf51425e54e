import { findCoreDefinition, findDefinition, lookUpName } from './attribute-lookup.ts';
import { isJsonObject, isUnassigned, ownValue, setOwn, type JsonObject, type JsonValue } from './json.ts';
import { badRequest } from './scim-error.ts';
import type { AttributeDefinition, ResourceType } from './schema.ts';

/** Names that a request listed, as a tree along the members of a resource; keys are in lower case. */
interface Selection {
  /** This member as a whole was named. */
  whole: boolean;
  readonly members: Map<string, Selection>;
}

/** Which attributes an answer holds (RFC 7644 section 3.9). */
export interface Projection {
  readonly resourceType: ResourceType;
  readonly kind: 'default' | 'only' | 'without';
  readonly selection: Selection;
}

/**
 * Reads the parameters `attributes` and `excludedAttributes`: names separated by commas, letter case aside, with URN and
 * sub-attribute where needed. Names that no schema defines are allowed, because unknown attributes are kept and given
 * back; they select nothing where there is nothing.
 *
 * @throws ScimError 400 invalidValue when both are given: RFC 7644 section 3.4.2.5 makes them exclude each other
 */
export function parseProjection(
  parameters: { attributes?: string | undefined; excludedAttributes?: string | undefined },
  resourceType: ResourceType,
): Projection {
  const only = namesIn(parameters.attributes);
  const without = namesIn(parameters.excludedAttributes);
  if (only.length > 0 && without.length > 0) {
    throw badRequest('invalidValue', '"attributes" and "excludedAttributes" cannot be used together.');
  }
  const kind = only.length > 0 ? 'only' : without.length > 0 ? 'without' : 'default';
  const selection: Selection = { whole: false, members: new Map() };
  for (const name of [...only, ...without]) for (const keys of keysOf(name, resourceType)) select(selection, keys);
  return { resourceType, kind, selection };
}

/**
 * The part of a resource that an answer holds: `returned` "always" in any case, "never" in none, "request" only where it
 * is named, and the rest by default or as the request says. The input is not changed.
 */
export function project(resource: JsonObject, projection: Projection): JsonObject {
  const { resourceType, kind, selection } = projection;
  const result: JsonObject = {};
  for (const key of Object.keys(resource)) {
    const value = ownValue(resource, key);
    if (value === undefined) continue;
    const chosen = selection.members.get(key.toLowerCase());
    const extension = resourceType.extensions.find((candidate) => candidate.id === key);
    const kept =
      extension && isJsonObject(value)
        ? projectExtension(value, extension.attributes, kind, chosen)
        : projectValue(value, findCoreDefinition(key, resourceType), kind, chosen);
    if (kept !== undefined) setOwn(result, key, kept);
  }
  return result;
}

/**
 * Whether an answer can hold an attribute of the core schema, so that what is costly to read (a group's members, a user's
 * groups) need not be read in vain.
 */
export function includes({ resourceType, kind, selection }: Projection, attributeName: string): boolean {
  const definition = findCoreDefinition(attributeName, resourceType);
  return isShown(definition, kind, selection.members.get(attributeName.toLowerCase()));
}

function isShown(
  definition: AttributeDefinition | undefined,
  kind: Projection['kind'],
  chosen: Selection | undefined,
): boolean {
  switch (definition?.returned ?? 'default') {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'request':
      return kind === 'only' && chosen !== undefined;
    case 'default':
      if (kind === 'only') return chosen !== undefined || hasAlwaysReturned(definition);
      return !(kind === 'without' && chosen?.whole);
  }
}

/** A sub-attribute that is always returned brings its attribute along (RFC 7643 section 7). */
function hasAlwaysReturned(definition: AttributeDefinition | undefined): boolean {
  return definition?.subAttributes?.some((sub) => sub.returned === 'always') ?? false;
}

function projectValue(
  value: JsonValue,
  definition: AttributeDefinition | undefined,
  kind: Projection['kind'],
  chosen: Selection | undefined,
): JsonValue | undefined {
  if (!isShown(definition, kind, chosen)) return undefined;
  const narrowsTo = kind === 'only' && chosen?.whole ? 'default' : kind;
  if (definition?.type !== 'complex') return value;
  const narrow = (element: JsonValue): JsonValue =>
    isJsonObject(element) ? projectMembers(element, definition, narrowsTo, chosen) : element;
  const narrowed = Array.isArray(value) ? value.map(narrow).filter((element) => !isUnassigned(element)) : narrow(value);
  // An element of which nothing was asked for says nothing. (A kept empty list of members is given as it is.)
  return isUnassigned(narrowed) && !isUnassigned(value) ? undefined : narrowed;
}

function projectMembers(
  element: JsonObject,
  definition: AttributeDefinition,
  kind: Projection['kind'],
  chosen: Selection | undefined,
): JsonObject {
  const result: JsonObject = {};
  for (const key of Object.keys(element)) {
    const value = ownValue(element, key);
    const sub = findDefinition(definition.subAttributes, key);
    if (value === undefined || !isShown(sub, kind, chosen?.members.get(key.toLowerCase()))) continue;
    setOwn(result, key, value);
  }
  return result;
}

function projectExtension(
  value: JsonObject,
  attributes: readonly AttributeDefinition[],
  kind: Projection['kind'],
  chosen: Selection | undefined,
): JsonObject | undefined {
  if (kind === 'without' && chosen?.whole && !attributes.some(({ returned }) => returned === 'always'))
    return undefined;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const member = ownValue(value, key);
    if (member === undefined) continue;
    // A URN alone names each attribute of its schema.
    const named =
      chosen?.members.get(key.toLowerCase()) ?? (chosen?.whole ? { whole: true, members: new Map() } : undefined);
    const kept = projectValue(member, findDefinition(attributes, key), kind, named);
    if (kept !== undefined) setOwn(result, key, kept);
  }
  return Object.keys(result).length === 0 ? undefined : result;
}

function namesIn(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function select(selection: Selection, keys: readonly string[]): void {
  let node = selection;
  for (const key of keys) {
    const lower = key.toLowerCase();
    const next = node.members.get(lower) ?? { whole: false, members: new Map<string, Selection>() };
    node.members.set(lower, next);
    node = next;
  }
  node.whole = true;
}

/** The members that lead to each thing that a name stands for: a schema's URN to all of its attributes. */
function keysOf(name: string, resourceType: ResourceType): string[][] {
  const meaning = lookUpName(name, resourceType);
  switch (meaning.kind) {
    case 'attribute': {
      const { urn, extension, definition, sub } = meaning.attribute;
      return [[...(extension ? [urn] : []), definition.name, ...(sub ? [sub.name] : [])]];
    }
    case 'schema':
      // Attributes of the core schema do not stand under its URN.
      return meaning.extension ? [[meaning.schema.id]] : meaning.schema.attributes.map((attribute) => [attribute.name]);
    case 'unknown':
      return [[...meaning.keys]];
    case 'unknownUrn':
      // Only a whole unknown extension can be chosen: what its parts are is not known.
      return [[meaning.whole]];
  }
}
