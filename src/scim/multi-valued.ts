import { foldCase } from './fold-case.ts';
import { findDefinition } from './attribute-lookup.ts';
import { canonicalJson, isJsonObject, ownValue, type JsonObject, type JsonValue } from './json.ts';
import type { AttributeDefinition } from './schema.ts';

/** Elements are never changed in place, so what identifies one is worked out once however many operations follow. */
const identities = new WeakMap<JsonObject, string>();

/**
 * What makes two elements of a multi-valued attribute the same: their `value` and `type` where they have a `value`
 * (RFC 7643 section 2.4 wants no such pair twice), else everything in them except `primary`.
 */
export function identityOf(definition: AttributeDefinition, element: JsonValue): string {
  if (!isJsonObject(element)) return identityOnce(definition, element);
  const known = identities.get(element);
  if (known !== undefined) return known;
  const identity = identityOfComplex(definition, element);
  identities.set(element, identity);
  return identity;
}

/** The same for an element that is asked about once: to remember it takes longer than to work it out. */
function identityOnce(definition: AttributeDefinition, element: JsonValue): string {
  if (isJsonObject(element)) return identityOfComplex(definition, element);
  return typeof element === 'string' && !definition.caseExact ? `=${foldCase(element)}` : canonicalJson(element);
}

function identityOfComplex(definition: AttributeDefinition, element: JsonObject): string {
  const value = ownValue(element, 'value');
  if (value === undefined) {
    return canonicalJson(Object.fromEntries(Object.entries(element).filter(([key]) => key !== 'primary')));
  }
  const type = ownValue(element, 'type');
  const typeText = typeof type === 'string' ? foldCase(type) : null;
  const valueText = typeof value === 'string' && !isValueExact(definition) ? foldCase(value) : canonicalJson(value);
  // The length says where one ends and the other begins.
  return `${typeText?.length ?? ''}:${typeText ?? ''}${valueText}`;
}

const exactness = new WeakMap<AttributeDefinition, boolean>();

/** Whether the letter case of `value` counts. */
function isValueExact(definition: AttributeDefinition): boolean {
  let isExact = exactness.get(definition);
  if (isExact === undefined) {
    isExact = findDefinition(definition.subAttributes, 'value')?.caseExact ?? true;
    exactness.set(definition, isExact);
  }
  return isExact;
}

/**
 * The elements of `current` and after them those of `added` that are new. An element that is there already is not
 * repeated; what the added one says beyond it is taken over (RFC 7644 section 3.5.2.1). Linear in both lists.
 *
 * `preferred` holds the elements that an added one makes the primary: a repetition that does not speak of `primary` must
 * not hold on to it (RFC 7644 section 3.5.2).
 */
export function mergeElements(
  definition: AttributeDefinition,
  current: readonly JsonValue[],
  added: readonly JsonValue[],
): { elements: JsonValue[]; preferred: Set<JsonValue> } {
  const elements = [...current];
  const positions = new Map(current.map((element, at) => [identityOf(definition, element), at]));
  const preferred = new Set<JsonValue>();
  for (const element of added) {
    const identity = identityOnce(definition, element);
    const at = positions.get(identity);
    const present = at === undefined ? undefined : elements[at];
    if (at === undefined || present === undefined) {
      positions.set(identity, elements.length);
      elements.push(element);
      if (isPrimary(element)) preferred.add(element);
    } else {
      // Case-insensitive identity: the value stays as it was first written, so that re-adding it changes nothing.
      const merged = isJsonObject(present) && isJsonObject(element) ? mergedElement(present, element) : present;
      elements[at] = merged;
      if (preferred.delete(present) || isPrimary(element)) preferred.add(merged);
    }
  }
  return { elements, preferred };
}

/** The elements without repetition, after a change that may have made two of them the same; a primary stays one. */
export function withoutRepetition(definition: AttributeDefinition, elements: readonly JsonValue[]): JsonValue[] {
  const kept = new Map<string, JsonValue>();
  for (const element of elements) {
    const identity = identityOf(definition, element);
    const present = kept.get(identity);
    if (present === undefined || !isJsonObject(present) || !isJsonObject(element)) {
      kept.set(identity, present ?? element);
      continue;
    }
    const merged = mergedElement(present, element);
    kept.set(identity, isPrimary(present) ? { ...merged, primary: true } : merged);
  }
  return [...kept.values()];
}

function isPrimary(element: JsonValue): boolean {
  return isJsonObject(element) && ownValue(element, 'primary') === true;
}

function mergedElement(present: JsonObject, added: JsonObject): JsonObject {
  const merged = { ...present, ...added };
  for (const key of ['value', 'type']) {
    const kept = ownValue(present, key);
    if (kept !== undefined) merged[key] = kept;
  }
  return merged;
}

/**
 * The elements of `current` that are none of `removed`. An element to remove that has a `value` but no `type` stands for
 * every element with that value: Entra, JumpCloud and authentik send no more than the value.
 */
export function withoutElements(
  definition: AttributeDefinition,
  current: readonly JsonValue[],
  removed: readonly JsonValue[],
): JsonValue[] {
  const gone = new Set(removed.map((element) => identityOf(definition, element)));
  return current.filter((element) => {
    if (gone.has(identityOf(definition, element))) return false;
    if (!isJsonObject(element) || !Object.hasOwn(element, 'value')) return true;
    const { value } = element;
    return value === undefined || !gone.has(identityOf(definition, { value }));
  });
}

/**
 * At most one element stays primary (RFC 7643 section 2.4). One of `preferred` wins, because setting a new primary clears
 * the old one (RFC 7644 section 3.5.2); otherwise the first in the list, which is how Ping's two primaries are settled.
 */
export function keepOnePrimary(
  elements: readonly JsonValue[],
  preferred: ReadonlySet<JsonValue> = new Set(),
): JsonValue[] {
  const primaries = elements.filter(isPrimary);
  if (primaries.length < 2) return [...elements];
  const winner = primaries.find((element) => preferred.has(element)) ?? primaries[0];
  return elements.map((element) =>
    element !== winner && isJsonObject(element) && isPrimary(element) ? { ...element, primary: false } : element,
  );
}
