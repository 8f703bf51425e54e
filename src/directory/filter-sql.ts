import sql, { join, type Sql } from 'sql-template-tag';
import type { ResolvedAttribute } from '../scim/attribute-lookup.ts';
import type { Comparison, Filter } from '../scim/filter.ts';
import { foldCase } from '../scim/fold-case.ts';
import type { AttributeSource } from './attribute-sql.ts';
import { compareScalar, isLookUp, type ScalarSql } from './scalar-sql.ts';

/** A filter in SQL. */
export interface FilterSql {
  /** On the resource's row. */
  condition: Sql;
  /** Whether an index finds the few rows that may fulfil it: what providers ask before they create something. */
  isLookUp: boolean;
}

/**
 * A filter as a condition on the resource's row, with exactly the meaning that `evaluate-filter.ts` has in memory; a
 * property test holds both against each other. No filter: everything.
 */
export function filterSql(filter: Filter | undefined, source: AttributeSource): FilterSql {
  if (filter === undefined) return { condition: sql`true`, isLookUp: false };
  return { condition: condition(filter, source), isLookUp: looksUp(filter, source) };
}

function looksUp(filter: Filter, source: AttributeSource): boolean {
  if (filter.kind === 'and') return filter.filters.some((part) => looksUp(part, source));
  if (filter.kind !== 'compare' || filter.attribute.sub !== undefined) return false;
  const values = source.attributeSql(filter.attribute);
  return values.kind === 'one' && isLookUp(values.scalar, filter.attribute.definition, filter);
}

function condition(filter: Filter, source: AttributeSource): Sql {
  switch (filter.kind) {
    case 'and':
      return all(filter.filters.map((part) => condition(part, source)));
    case 'or':
      return any(filter.filters.map((part) => condition(part, source)));
    case 'not':
      return sql`(${condition(filter.filter, source)}) IS NOT TRUE`;
    case 'present':
      return present(filter.attribute, source);
    case 'compare':
      return compare(filter, source);
    case 'valuePath': {
      const values = source.attributeSql(filter.attribute);
      const inner = elementCondition(filter.filter, values.element);
      if (values.kind === 'one') return sql`(${values.scalar.present} AND ${inner})`;
      return sql`(${emailShortcut(filter.attribute, filter.filter)} AND EXISTS (SELECT FROM ${values.from} WHERE ${values.where} AND ${inner}))`;
    }
  }
}

/** The filter inside the brackets of a value path, on one element. */
function elementCondition(filter: Filter, element: (sub: SubAttribute) => ScalarSql): Sql {
  switch (filter.kind) {
    case 'and':
      return all(filter.filters.map((part) => elementCondition(part, element)));
    case 'or':
      return any(filter.filters.map((part) => elementCondition(part, element)));
    case 'not':
      return sql`(${elementCondition(filter.filter, element)}) IS NOT TRUE`;
    case 'present':
      return element(subAttribute(filter.attribute)).present;
    case 'compare': {
      const sub = subAttribute(filter.attribute);
      return sql`(${compareScalar(element(sub), sub, filter)})`;
    }
    case 'valuePath':
      throw new Error('a value path inside a value path does not parse');
  }
}

function present(attribute: ResolvedAttribute, source: AttributeSource): Sql {
  const { scalar, ...values } = valuesOf(attribute, source);
  if (values.kind === 'one') return scalar.present;
  return sql`EXISTS (SELECT FROM ${values.from} WHERE ${values.where} AND ${scalar.present})`;
}

function compare(filter: Comparison, source: AttributeSource): Sql {
  const definition = filter.attribute.sub ?? filter.attribute.definition;
  const { scalar, ...values } = valuesOf(filter.attribute, source);
  if (values.kind === 'one') return sql`(${compareScalar(scalar, definition, filter)})`;
  // Of a list, `ne` means that no element is equal, and `eq null` that no element has a value.
  const negated = (filter.operator === 'ne') !== (filter.value === null);
  const operator = filter.value === null ? 'ne' : filter.operator === 'ne' ? 'eq' : filter.operator;
  const exists = sql`EXISTS (
    SELECT FROM ${values.from} WHERE ${values.where} AND (${compareScalar(scalar, definition, { ...filter, operator })}))`;
  return negated ? sql`NOT ${exists}` : sql`(${emailShortcut(filter.attribute, filter)} AND ${exists})`;
}

/** An attribute with the sub-attribute that it was named with: its one value, or the rows of its values. */
export function valuesOf(
  attribute: ResolvedAttribute,
  source: AttributeSource,
): { kind: 'one'; scalar: ScalarSql } | { kind: 'many'; from: Sql; where: Sql; first: Sql; scalar: ScalarSql } {
  const values = source.attributeSql(attribute);
  const scalar = attribute.sub === undefined ? values.scalar : values.element(attribute.sub);
  return values.kind === 'one' ? { kind: 'one', scalar } : { ...values, scalar };
}

/**
 * The look-ups by address that providers make before they create someone: the index on `email_values` narrows them to
 * the few users that have the address at all; the exact condition beside it decides.
 */
function emailShortcut(attribute: ResolvedAttribute, filter: Filter): Sql {
  const isEmails = !attribute.extension && attribute.definition.name === 'emails';
  const addresses = isEmails ? requiredValues(filter) : [];
  return addresses.length === 0 ? sql`true` : sql`u.email_values @> ${addresses.map(foldCase)}::text[]`;
}

/** The texts that `value` must equal for the filter to hold. */
function requiredValues(filter: Filter): string[] {
  if (filter.kind === 'and') return filter.filters.flatMap(requiredValues);
  const isValue = filter.kind === 'compare' && filter.operator === 'eq' && filter.attribute.sub?.name === 'value';
  return isValue && typeof filter.value === 'string' ? [filter.value] : [];
}

type SubAttribute = NonNullable<ResolvedAttribute['sub']>;

function subAttribute({ sub }: ResolvedAttribute): SubAttribute {
  if (sub === undefined) throw new Error('a name inside a value path is always that of a sub-attribute');
  return sub;
}

function all(conditions: readonly Sql[]): Sql {
  return sql`(${join(conditions, ' AND ')})`;
}

function any(conditions: readonly Sql[]): Sql {
  return sql`(${join(conditions, ' OR ')})`;
}
