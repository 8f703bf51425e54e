import { instantOf, withZone } from './date-time.ts';
import { booleanFromText } from './dialects.ts';
import type { AttributeDefinition } from './schema.ts';

export type FilterValue = string | number | boolean | null;

/** A value as it stands in a filter: in quotes, or a bare word such as `true`, `12` or `bjensen`. */
export interface FilterLiteral {
  readonly kind: 'text' | 'word';
  readonly text: string;
}

const textOperators = new Set(['co', 'sw', 'ew']);
const orderOperators = new Set(['gt', 'ge', 'lt', 'le']);

/**
 * The literal as a value of the attribute's type, or what is wrong with comparing the two (the rest of a sentence that
 * begins with the attribute's name). RFC 7644 section 3.4.2.2: booleans and binary values have no order, and only text
 * has parts.
 */
export function filterValue(
  definition: AttributeDefinition,
  operator: string,
  literal: FilterLiteral,
): { value: FilterValue } | { problem: string } {
  const isText = definition.type === 'string' || definition.type === 'reference' || definition.type === 'binary';
  if (literal.kind === 'word' && literal.text.toLowerCase() === 'null') {
    return operator === 'eq' || operator === 'ne' ? { value: null } : { problem: 'can only be eq or ne null' };
  }
  if (textOperators.has(operator) && !(isText && definition.type !== 'binary')) {
    return { problem: `is of type ${definition.type}, which "${operator}" does not work on` };
  }
  if (orderOperators.has(operator) && (definition.type === 'boolean' || definition.type === 'binary')) {
    return { problem: `is of type ${definition.type}, which has no order for "${operator}"` };
  }
  // The attribute's type decides, so an unquoted number or word for a text attribute is unambiguous.
  if (isText) return { value: literal.text };
  switch (definition.type) {
    case 'boolean': {
      // Entra asks for `primary eq "True"`.
      const flag = booleanFromText(literal.text);
      return flag === undefined ? { problem: 'must be compared with true or false' } : { value: flag };
    }
    case 'dateTime':
      return instantOf(literal.text) === undefined
        ? { problem: 'must be compared with a time such as "2026-01-31T09:30:00Z"' }
        : { value: withZone(literal.text) };
    case 'integer':
    case 'decimal': {
      const isNumber = literal.kind === 'word' && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/u.test(literal.text);
      const number = Number(literal.text);
      return isNumber && Number.isFinite(number) ? { value: number } : { problem: 'must be compared with a number' };
    }
    default:
      return { problem: `is of type ${definition.type} and cannot be compared` };
  }
}
