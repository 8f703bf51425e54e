import type { ResolvedAttribute } from './attribute-lookup.ts';
import { attributeName } from './attribute-lookup.ts';
import { replaceMakes } from './dialects.ts';
import { matchesElement } from './evaluate-filter.ts';
import type { Filter } from './filter.ts';
import { cloneJson, isJsonObject, ownValue, setOwn, type JsonObject, type JsonValue } from './json.ts';
import { keepOnePrimary, mergeElements, withoutElements, withoutRepetition } from './multi-valued.ts';
import { isWorthKeeping, mergedComplex } from './patch-complex.ts';
import type { PatchOperation } from './patch-request.ts';
import { printFilter } from './print-filter.ts';
import { badRequest } from './scim-error.ts';
import type { AttributeDefinition } from './schema.ts';

/** A whole multi-valued attribute after an operation without filter and sub-attribute. */
export function patchedList(
  current: readonly JsonValue[],
  { op, value }: PatchOperation,
  definition: AttributeDefinition,
): JsonValue[] {
  const elements = Array.isArray(value) ? cloneJson(value) : [];
  switch (op) {
    case 'add': {
      const merged = mergeElements(definition, current, elements);
      return keepOnePrimary(merged.elements, merged.preferred);
    }
    case 'replace':
      return elements;
    case 'remove':
      return Array.isArray(value) ? withoutElements(definition, current, elements) : [];
  }
}

/**
 * A multi-valued attribute after an operation on some of its elements (those that the filter chooses) or on one
 * sub-attribute of each.
 *
 * Where the filter chooses none: `remove` has nothing to do and succeeds, as removing an absent member does. `add` makes
 * the element, with what the filter says about it (RFC 7644 section 3.5.2.1; Entra relies on it). `replace` is noTarget
 * (section 3.5.2.3), except in the form in which Entra replaces values that it believes to be there,
 * `emails[type eq "work"].value`: a sub-attribute, chosen by `type` or `primary` alone, is made as by `add`.
 *
 * @throws ScimError 400 noTarget
 */
export function patchedElements(
  current: readonly JsonValue[],
  { op, value }: PatchOperation,
  { attribute, filter }: { attribute: ResolvedAttribute; filter?: Filter },
): JsonValue[] {
  const { definition, sub } = attribute;
  const change = changeOf(attribute, op === 'remove' ? null : (value ?? null));
  const touched = new Set<JsonValue>();
  const chosen = new Set(filter ? current.filter((element) => matchesElement(filter, element)) : current);
  const elements = current.flatMap((element) => {
    if (!chosen.has(element)) return [element];
    if (change === null || !isJsonObject(element)) return [];
    const isReplaced = op === 'replace' && !sub;
    const next = isReplaced ? mergedComplex(definition, {}, change) : mergedComplex(definition, element, change);
    if (!isWorthKeeping(definition, next, change)) return [];
    if (Object.hasOwn(change, 'primary')) touched.add(next);
    return [next];
  });
  const unassigns = change === null || Object.values(change).every((member) => member === null);
  if (chosen.size === 0 && !unassigns) {
    const made = mergedComplex(definition, filter ? seedOf(filter, op, attribute) : {}, change);
    elements.push(made);
    touched.add(made);
  }
  return withoutRepetition(definition, keepOnePrimary(elements, touched));
}

/** What is set (and, by `null`, cleared) in each chosen element; `null`: the elements themselves go. */
function changeOf({ sub }: ResolvedAttribute, value: JsonValue): JsonObject | null {
  if (sub) return { [sub.name]: value };
  const object = Array.isArray(value) ? value[0] : value;
  return isJsonObject(object) ? cloneJson(object) : null;
}

function seedOf(filter: Filter, op: PatchOperation['op'], attribute: ResolvedAttribute): JsonObject {
  const seed = equalities(filter);
  const isMade = op !== 'replace' || (attribute.sub !== undefined && replaceMakes(Object.keys(seed ?? {})));
  if (!seed || !isMade) {
    const { urn, extension, definition } = attribute;
    throw badRequest(
      'noTarget',
      `No value of "${attributeName({ urn, extension, definition })}" satisfies [${printFilter(filter)}].`,
    );
  }
  return seed;
}

/** The values that an element must have to satisfy a filter made of `eq` and `and`; undefined for any other filter. */
function equalities(filter: Filter): JsonObject | undefined {
  const parts = filter.kind === 'and' ? filter.filters : [filter];
  const seed: JsonObject = {};
  for (const part of parts) {
    const name = part.kind === 'compare' ? part.attribute.sub?.name : undefined;
    if (part.kind !== 'compare' || part.operator !== 'eq' || part.value === null || name === undefined)
      return undefined;
    const other = ownValue(seed, name);
    if (other !== undefined && other !== part.value) return undefined;
    setOwn(seed, name, part.value);
  }
  return seed;
}
