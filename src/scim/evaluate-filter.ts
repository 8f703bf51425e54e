import type { ResolvedAttribute } from './attribute-lookup.ts';
import { instantOf } from './date-time.ts';
import type { Comparison, Filter } from './filter.ts';
import { compareText, foldCase } from './fold-case.ts';
import { isJsonObject, isUnassigned, ownValue, type JsonObject, type JsonValue } from './json.ts';
import type { AttributeDefinition } from './schema.ts';

/** Whether a resource (extension objects under their URN) satisfies a filter; the meaning is told at {@link Filter}. */
export function matchesFilter(filter: Filter, resource: JsonObject): boolean {
  return matches(filter, (attribute) => valuesInResource(resource, attribute));
}

/** Whether one element of a multi-valued attribute satisfies the filter of a value path. */
export function matchesElement(filter: Filter, element: JsonValue): boolean {
  return matches(filter, (attribute) => subValues(element, attribute.sub));
}

type ValuesOf = (attribute: ResolvedAttribute) => JsonValue[];

function matches(filter: Filter, valuesOf: ValuesOf): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.filters.every((part) => matches(part, valuesOf));
    case 'or':
      return filter.filters.some((part) => matches(part, valuesOf));
    case 'not':
      return !matches(filter.filter, valuesOf);
    case 'present':
      return valuesOf(filter.attribute).some(isPresent);
    case 'valuePath':
      return valuesOf(filter.attribute).some((element) => matchesElement(filter.filter, element));
    case 'compare':
      return compares(filter, valuesOf(filter.attribute));
  }
}

function compares(filter: Comparison, values: readonly JsonValue[]): boolean {
  if (filter.value === null) return values.some(isPresent) === (filter.operator === 'ne');
  const definition = filter.attribute.sub ?? filter.attribute.definition;
  if (filter.operator === 'ne') return !values.some((value) => holds(definition, value, { ...filter, operator: 'eq' }));
  return values.some((value) => holds(definition, value, filter));
}

function holds(definition: AttributeDefinition, value: JsonValue, { operator, value: wanted }: Comparison): boolean {
  if (definition.type === 'dateTime') {
    const left = typeof value === 'string' ? instantOf(value) : undefined;
    const right = typeof wanted === 'string' ? instantOf(wanted) : undefined;
    return left !== undefined && right !== undefined && inOrder(left < right ? -1 : Number(left > right), operator);
  }
  if (typeof value === 'number' && typeof wanted === 'number') return inOrder(value - wanted, operator);
  if (typeof value === 'boolean') return operator === 'eq' && value === wanted;
  if (typeof value !== 'string' || typeof wanted !== 'string') return false;
  const left = definition.caseExact ? value : foldCase(value);
  const right = definition.caseExact ? wanted : foldCase(wanted);
  switch (operator) {
    case 'co':
      return left.includes(right);
    case 'sw':
      return left.startsWith(right);
    case 'ew':
      return left.endsWith(right);
    default:
      return inOrder(compareText(left, right), operator);
  }
}

function inOrder(difference: number, operator: Comparison['operator']): boolean {
  switch (operator) {
    case 'eq':
      return difference === 0;
    case 'gt':
      return difference > 0;
    case 'ge':
      return difference >= 0;
    case 'lt':
      return difference < 0;
    case 'le':
      return difference <= 0;
    default:
      return false;
  }
}

function isPresent(value: JsonValue): boolean {
  return !isUnassigned(value) && value !== '';
}

function valuesInResource(resource: JsonObject, attribute: ResolvedAttribute): JsonValue[] {
  const extension = attribute.extension ? ownValue(resource, attribute.urn) : resource;
  const value = isJsonObject(extension) ? ownValue(extension, attribute.definition.name) : undefined;
  if (isUnassigned(value) || value === undefined) return [];
  const elements = Array.isArray(value) ? value : [value];
  return attribute.sub ? elements.flatMap((element) => subValues(element, attribute.sub)) : elements;
}

function subValues(element: JsonValue, sub: AttributeDefinition | undefined): JsonValue[] {
  if (!sub) return [element];
  const value = isJsonObject(element) ? ownValue(element, sub.name) : undefined;
  if (value === undefined || isUnassigned(value)) return [];
  return Array.isArray(value) ? value : [value];
}
