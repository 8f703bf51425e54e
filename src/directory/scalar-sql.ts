import sql, { type Sql } from 'sql-template-tag';
import { isId } from '../platform/ids.ts';
import type { Comparison } from '../scim/filter.ts';
import { foldCase } from '../scim/fold-case.ts';
import type { AttributeDefinition } from '../scim/schema.ts';

/** One attribute value as SQL: only the forms that its type needs are there. All are NULL where there is no value. */
export interface ScalarSql {
  text: Sql;
  /** The lower-cased text, where a column (and so an index) holds it already. */
  folded?: Sql;
  /** A `uuid` column behind the text: compared as such, so that its index serves. */
  uuid?: Sql;
  /** What of it has an index, together with the organization, that finds the few rows with a given value. */
  index?: 'text' | 'folded';
  boolean: Sql;
  number: Sql;
  instant: Sql;
  /** Whether there is a value other than null, "", [] and {}; never NULL. */
  present: Sql;
}

/** A value inside a `jsonb` expression. Casts are guarded: what does not fit the type is no value, never an error. */
export function jsonScalar(json: Sql): ScalarSql {
  const text = sql`(${json} #>> '{}')`;
  return {
    text,
    boolean: sql`CASE jsonb_typeof(${json}) WHEN 'boolean' THEN (${json})::boolean END`,
    number: sql`CASE jsonb_typeof(${json}) WHEN 'number' THEN (${json})::numeric END`,
    instant: sql`CASE WHEN pg_input_is_valid(${text}, 'timestamptz') THEN ${text}::timestamptz END`,
    present: sql`coalesce(${json} NOT IN ('null', '""', '[]', '{}'), false)`,
  };
}

/** A text column, and the column or expression that holds it lower-cased. @param index see `ScalarSql` */
export function textColumn(text: Sql, folded?: Sql, index?: ScalarSql['index']): ScalarSql {
  return {
    text,
    ...(folded === undefined ? {} : { folded }),
    ...(index === undefined ? {} : { index }),
    boolean: sql`NULL::boolean`,
    number: sql`NULL::numeric`,
    instant: sql`NULL::timestamptz`,
    present: sql`coalesce(${text} <> '', false)`,
  };
}

/** Whether an index finds the few rows that fulfil `comparison`. */
export function isLookUp({ uuid, index }: ScalarSql, definition: AttributeDefinition, comparison: Comparison): boolean {
  if (comparison.operator !== 'eq' || typeof comparison.value !== 'string') return false;
  return uuid !== undefined || index === (definition.caseExact ? 'text' : 'folded');
}

export function uuidColumn(uuid: Sql): ScalarSql {
  return { ...textColumn(sql`${uuid}::text`), uuid, present: sql`(${uuid} IS NOT NULL)` };
}

export function booleanColumn(boolean: Sql): ScalarSql {
  return { ...textColumn(sql`${boolean}::text`), boolean, present: sql`(${boolean} IS NOT NULL)` };
}

/** A time, with the milliseconds that `meta` shows: a filter with a value that was read finds that very resource. */
export function timeColumn(instant: Sql): ScalarSql {
  return {
    ...textColumn(sql`${instant}::text`),
    instant: sql`date_trunc('milliseconds', ${instant})`,
    present: sql`(${instant} IS NOT NULL)`,
  };
}

const orderSigns = { eq: sql`=`, gt: sql`>`, ge: sql`>=`, lt: sql`<`, le: sql`<=` } as const;

/**
 * `value operator wanted` as a condition, with the meaning told at `Filter`. It may be NULL where there is no value; NULL
 * in a WHERE clause, under AND and OR is no match, and every negation here asks IS NOT TRUE.
 */
export function compareScalar(scalar: ScalarSql, definition: AttributeDefinition, comparison: Comparison): Sql {
  const { operator, value } = comparison;
  if (value === null) return operator === 'ne' ? scalar.present : sql`NOT ${scalar.present}`;
  if (operator === 'ne') {
    return sql`(${compareScalar(scalar, definition, { ...comparison, operator: 'eq' })}) IS NOT TRUE`;
  }
  if (operator === 'co' || operator === 'sw' || operator === 'ew') {
    return containsText(scalar, definition, operator, String(value));
  }
  const sign = orderSigns[operator];
  switch (definition.type) {
    case 'boolean':
      return sql`${scalar.boolean} = ${value}::boolean`;
    case 'integer':
    case 'decimal':
      return sql`${scalar.number} ${sign} ${value}::numeric`;
    case 'dateTime':
      return sql`${scalar.instant} ${sign} ${value}::timestamptz`;
    default:
      return compareText(scalar, definition, operator, String(value));
  }
}

function compareText(
  scalar: ScalarSql,
  definition: AttributeDefinition,
  operator: keyof typeof orderSigns,
  wanted: string,
): Sql {
  if (operator === 'eq' && scalar.uuid !== undefined) {
    // Postgres would read other spellings of a UUID as the same; where the attribute is caseExact they are not.
    const id = definition.caseExact ? wanted : wanted.toLowerCase();
    return isId(id) && id === id.toLowerCase() ? sql`${scalar.uuid} = ${id}::uuid` : sql`false`;
  }
  const { left, right } = sides(scalar, definition, wanted);
  if (operator === 'eq') return sql`${left} = ${right}`;
  // By code point, whatever the database's collation.
  return sql`${left} COLLATE "C" ${orderSigns[operator]} ${right}`;
}

function containsText(
  scalar: ScalarSql,
  definition: AttributeDefinition,
  operator: 'co' | 'sw' | 'ew',
  wanted: string,
): Sql {
  const { left, right } = sides(scalar, definition, wanted);
  switch (operator) {
    case 'co':
      return sql`strpos(${left}, ${right}) > 0`;
    case 'sw':
      return sql`starts_with(${left}, ${right})`;
    case 'ew':
      return sql`right(${left}, length(${right})) = ${right}`;
  }
}

function sides(scalar: ScalarSql, definition: AttributeDefinition, wanted: string): { left: Sql; right: Sql } {
  if (definition.caseExact) return { left: scalar.text, right: sql`${wanted}::text` };
  return { left: scalar.folded ?? sql`lower(${scalar.text})`, right: sql`${foldCase(wanted)}::text` };
}
