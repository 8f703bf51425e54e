import { isDeepStrictEqual } from 'node:util';
import { fillCount, ScenarioError } from './fill.ts';
import { isObject, isThere } from './value-at.ts';

/**
 * Compares a value with a pattern whose placeholders are filled.
 *
 * @returns what differs, one sentence for each place; empty where the pattern holds
 */
export function mismatches(pattern: unknown, value: unknown, place = 'body'): string[] {
  if (Array.isArray(pattern)) return arrayMismatches(pattern, value, place);
  if (!isObject(pattern)) return Object.is(pattern, value) ? [] : [`${place}: ${show(value)}, not ${show(pattern)}`];
  const keys = Object.keys(pattern);
  const matcherKeys = keys.filter((key) => key.startsWith('$') && key !== '$ref');
  if (matcherKeys.length > 0) {
    if (matcherKeys.length < keys.length) throw new ScenarioError(`${place}: matchers and members in one object`);
    return matcherKeys.flatMap((key) => matcherMismatches(key, pattern[key], value, pattern, place));
  }
  if (isAnyOrder(pattern)) return anyOrderMismatches(pattern.items, pattern.exact === true, value, place);
  if (!isObject(value)) return [`${place}: ${show(value)} is not an object`];
  return keys.flatMap((key) =>
    mismatches(pattern[key], Object.hasOwn(value, key) ? value[key] : undefined, `${place}.${key}`),
  );
}

function arrayMismatches(pattern: unknown[], value: unknown, place: string): string[] {
  if (!Array.isArray(value)) return [`${place}: ${show(value)} is not an array`];
  if (value.length !== pattern.length) return [`${place}: ${value.length} elements, not ${pattern.length}`];
  return pattern.flatMap((element, index) => mismatches(element, value[index], `${place}[${index}]`));
}

function isAnyOrder(
  pattern: Record<string, unknown>,
): pattern is { unordered: true; items: unknown[]; exact?: unknown } {
  return (
    pattern['unordered'] === true &&
    Array.isArray(pattern['items']) &&
    Object.keys(pattern).every((key) => ['unordered', 'items', 'exact'].includes(key))
  );
}

/**
 * Each item needs an element of its own. A greedy choice can take the only element that a later item fits, so elements
 * are reassigned along augmenting paths (maximum bipartite matching).
 */
function anyOrderMismatches(items: unknown[], exact: boolean, value: unknown, place: string): string[] {
  if (!Array.isArray(value)) return [`${place}: ${show(value)} is not an array`];
  const itemOfElement = new Map<number, number>();
  const fits = items.map((item) =>
    value.flatMap((element: unknown, index) => (mismatches(item, element).length === 0 ? [index] : [])),
  );
  const assign = (item: number, visited: Set<number>): boolean => {
    for (const element of fits[item] ?? []) {
      if (visited.has(element)) continue;
      visited.add(element);
      const holder = itemOfElement.get(element);
      if (holder === undefined || assign(holder, visited)) {
        itemOfElement.set(element, item);
        return true;
      }
    }
    return false;
  };
  const found = items.flatMap((item, index) =>
    assign(index, new Set()) ? [] : [`${place}: no element of its own for ${show(item)} in ${show(value)}`],
  );
  if (exact && value.length !== items.length) found.push(`${place}: ${value.length} elements, not ${items.length}`);
  return found;
}

function matcherMismatches(
  name: string,
  expected: unknown,
  value: unknown,
  matcher: Record<string, unknown>,
  place: string,
): string[] {
  const holds = (condition: boolean): string[] =>
    condition ? [] : [`${place}: ${show(value)} does not hold ${name} ${show(expected)}`];
  switch (name) {
    case '$any':
      return holds(isThere(value) === (expected !== false));
    case '$none':
      return holds(isThere(value) === (expected === false));
    case '$type':
      return holds((Array.isArray(expected) ? expected : [expected]).some((type) => hasType(value, type)));
    case '$regex':
      return holds(typeof value === 'string' && expression(expected, matcher['$flags']).test(value));
    case '$flags':
      return [];
    case '$ieq':
      return holds(
        typeof value === 'string' && typeof expected === 'string'
          ? value.toLowerCase() === expected.toLowerCase()
          : isDeepStrictEqual(value, expected),
      );
    case '$oneOf':
      return holds(patterns(expected).some((pattern) => mismatches(pattern, value).length === 0));
    case '$all':
      return patterns(expected).flatMap((pattern) => mismatches(pattern, value, place));
    case '$not':
      return holds(!patterns(expected).some((pattern) => mismatches(pattern, value).length === 0));
    case '$length':
      return typeof value === 'string' || Array.isArray(value)
        ? mismatches(typeof expected === 'string' ? fillCount(expected, {}) : expected, value.length, `${place}.length`)
        : [`${place}: ${show(value)} has no length`];
    case '$every':
      return Array.isArray(value)
        ? value.flatMap((element: unknown, index) => mismatches(expected, element, `${place}[${index}]`))
        : [`${place}: ${show(value)} is not an array`];
    case '$gt':
      return holds(compares(value, expected, (order) => order > 0));
    case '$gte':
      return holds(compares(value, expected, (order) => order >= 0));
    case '$lt':
      return holds(compares(value, expected, (order) => order < 0));
    case '$lte':
      return holds(compares(value, expected, (order) => order <= 0));
    default:
      throw new ScenarioError(`${place}: there is no matcher ${name}`);
  }
}

/** `$oneOf`, `$all` and `$not` take one pattern or a list of them. */
function patterns(expected: unknown): unknown[] {
  return Array.isArray(expected) ? expected : [expected];
}

function expression(source: unknown, flags: unknown): RegExp {
  if (typeof source !== 'string') throw new ScenarioError('"$regex" is a text');
  return new RegExp(source, typeof flags === 'string' ? flags : 'u');
}

function hasType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'number':
      return typeof value === type;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'null':
      return value === null;
    default:
      throw new ScenarioError(`there is no type ${show(type)}`);
  }
}

/**
 * Numbers by size (the pattern may be a sum, as counts are), texts by code units, which orders ISO 8601 times of one
 * offset; nothing else compares.
 */
function compares(value: unknown, expected: unknown, holds: (order: number) => boolean): boolean {
  if (typeof value === 'number' && typeof expected === 'number') return holds(value - expected);
  if (typeof value === 'number' && typeof expected === 'string') return holds(value - fillCount(expected, {}));
  if (typeof value === 'string' && typeof expected === 'string') {
    return holds(value < expected ? -1 : value > expected ? 1 : 0);
  }
  return false;
}

/** A value on one line, cut where it would drown the message. */
function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
