import sql, { type Sql } from 'sql-template-tag';
import type { ResolvedAttribute } from '../scim/attribute-lookup.ts';
import { isStorableText } from '../scim/safe-json.ts';
import type { AttributeDefinition } from '../scim/schema.ts';
import type { AttributeSource } from './attribute-sql.ts';
import { valuesOf } from './filter-sql.ts';
import type { ScalarSql } from './scalar-sql.ts';

/** What a list is ordered by: one value of each resource, NULL where it has none. */
export interface SortKey {
  value: Sql;
  /** Booleans and times are ordered as numbers; each value passes through text without loss. */
  type: 'text' | 'numeric';
}

/**
 * Longest text that takes part in the order. Names and ids are shorter; beyond it the id decides, and a cursor, which
 * carries the value, still fits into a URL.
 */
const maxSortedLength = 512;

/**
 * The order of RFC 7644 section 3.4.2.3: of a list attribute the primary, else the first value counts; text that is not
 * caseExact is ordered without regard to case; a resource without the value comes last when ascending.
 */
export function sortKey(attribute: ResolvedAttribute, source: AttributeSource): SortKey {
  const definition = attribute.sub ?? attribute.definition;
  const { scalar, ...values } = valuesOf(attribute, source);
  const { value, type } = keyOf(scalar, definition);
  return {
    type,
    value:
      values.kind === 'one'
        ? value
        : sql`(SELECT ${value} FROM ${values.from} WHERE ${values.where} ORDER BY ${values.first} LIMIT 1)`,
  };
}

/** Whether text can be a value of this key: what comes back in a cursor may have been made up. */
export function isSortValue(type: SortKey['type'], text: string): boolean {
  return type === 'text' ? isStorableText(text) : /^-?(?:\d{1,1000}(?:\.\d{1,1000})?|Infinity)$/u.test(text);
}

function keyOf(scalar: ScalarSql, definition: AttributeDefinition): SortKey {
  switch (definition.type) {
    case 'boolean':
      return { type: 'numeric', value: sql`(${scalar.boolean})::integer::numeric` };
    case 'integer':
    case 'decimal':
      return { type: 'numeric', value: scalar.number };
    case 'dateTime':
      return { type: 'numeric', value: sql`extract(epoch FROM ${scalar.instant})` };
    default:
      return { type: 'text', value: sql`${textOf(scalar, definition)} COLLATE "C"` };
  }
}

function textOf(scalar: ScalarSql, definition: AttributeDefinition): Sql {
  if (definition.caseExact) return sql`left(${scalar.text}, ${maxSortedLength}::integer)`;
  // A column of its own is bounded already, and an index may hold it.
  return scalar.folded ?? sql`left(lower(${scalar.text}), ${maxSortedLength}::integer)`;
}
