import {
  attributeName,
  comparedAttribute,
  findDefinition,
  lookUpName,
  type ResolvedAttribute,
} from './attribute-lookup.ts';
import { maxFilterDepth, maxFilterLength, maxFilterTerms } from './filter-limits.ts';
import { filterValue, type FilterLiteral, type FilterValue } from './filter-value.ts';
import { isStorableText } from './safe-json.ts';
import { badRequest, quoted, type ScimError } from './scim-error.ts';
import type { ResourceType } from './schema.ts';

export const comparisonOperators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

export interface Comparison {
  readonly kind: 'compare';
  readonly attribute: ResolvedAttribute;
  readonly operator: ComparisonOperator;
  readonly value: FilterValue;
}

/**
 * A filter with every name resolved against the schemas. Meaning, the same in memory and in SQL:
 *
 * - A comparison holds when *any* value of the attribute satisfies it. `ne` is exactly "not eq", so it also holds where
 *   there is no value, and holds for a list only if no element is equal.
 * - `eq null` means "has no value", `ne null` the opposite. `present`: the attribute has a value that is not `null`, `""`,
 *   `[]` or `{}`; `eq null` is the negation of that.
 * - `gt`, `ge`, `lt`, `le`, `co`, `sw`, `ew` never hold where there is no value.
 * - Text is compared by code point, after `foldCase` unless the attribute is `caseExact`; times as instants.
 * - `valuePath` holds when one element satisfies the whole inner filter. Inside it, `attribute.sub` names the member of
 *   the element. A single complex value counts as a list of one.
 * - `and` and `or` have two filters or more, and none of their own kind directly inside.
 */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | Comparison
  | { readonly kind: 'present'; readonly attribute: ResolvedAttribute }
  | { readonly kind: 'valuePath'; readonly attribute: ResolvedAttribute; readonly filter: Filter };

/** Where names are looked up: in a resource, or inside the brackets of a value path. */
type Scope =
  | { readonly kind: 'resource'; readonly resourceType: ResourceType }
  | { readonly kind: 'element'; readonly parent: ResolvedAttribute };

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
  terms: number;
}

/**
 * Parses a filter (RFC 7644 section 3.4.2.2). Beyond the grammar, a value may stand without quotes where it is one word
 * (shown in pages of Microsoft and Ping), and `emails[type eq "work"].value eq "x"`, Entra's look-up, is read as
 * `emails[type eq "work" and value eq "x"]`.
 *
 * @throws ScimError 400 invalidFilter with the position, counted in characters from 1
 */
export function parseFilter(text: string, resourceType: ResourceType): Filter {
  checkText(text);
  const reader: Reader = { text, at: 0, depth: 0, terms: 0 };
  const filter = readOr(reader, { kind: 'resource', resourceType });
  skipBlanks(reader);
  if (reader.at < text.length) throw unexpected(reader, 'the end, "and" or "or"');
  return filter;
}

/**
 * Parses the filter inside the brackets of a PATCH path; names are sub-attributes of `parent`.
 *
 * @param text the whole path
 * @param start where the filter begins in it
 * @returns the filter, and where the closing bracket is
 */
export function parseValueFilter(
  text: string,
  start: number,
  parent: ResolvedAttribute,
): { filter: Filter; end: number } {
  checkText(text);
  const reader: Reader = { text, at: start, depth: 1, terms: 0 };
  const filter = readOr(reader, { kind: 'element', parent });
  skipBlanks(reader);
  if (text[reader.at] !== ']') throw unexpected(reader, '"]"');
  return { filter, end: reader.at };
}

/** `and` or `or` of filters, flat: a direct child of the same kind gives its own children. */
export function combine(kind: 'and' | 'or', filters: readonly Filter[]): Filter {
  const flat = filters.flatMap((filter) => (filter.kind === kind ? filter.filters : [filter]));
  const only = flat.length === 1 ? flat[0] : undefined;
  return only ?? { kind, filters: flat };
}

function checkText(text: string): void {
  if (text.length > maxFilterLength) {
    throw badRequest(
      'invalidFilter',
      `The filter has ${text.length} characters; at most ${maxFilterLength} are accepted.`,
    );
  }
  if (!isStorableText(text)) throw badRequest('invalidFilter', 'The filter holds a character that no value can have.');
}

function readOr(reader: Reader, scope: Scope): Filter {
  const filters = [readAnd(reader, scope)];
  while (readKeyword(reader, 'or')) filters.push(readAnd(reader, scope));
  return combine('or', filters);
}

function readAnd(reader: Reader, scope: Scope): Filter {
  const filters = [readFactor(reader, scope)];
  while (readKeyword(reader, 'and')) filters.push(readFactor(reader, scope));
  return combine('and', filters);
}

function readFactor(reader: Reader, scope: Scope): Filter {
  skipBlanks(reader);
  if (reader.text[reader.at] === '(') return readGroup(reader, scope);
  const negation = /not\s*(?=\()/iuy;
  negation.lastIndex = reader.at;
  if (negation.test(reader.text)) {
    reader.at = negation.lastIndex;
    return { kind: 'not', filter: readGroup(reader, scope) };
  }
  return readExpression(reader, scope);
}

function readGroup(reader: Reader, scope: Scope): Filter {
  descend(reader);
  reader.at += 1;
  const filter = readOr(reader, scope);
  skipBlanks(reader);
  if (reader.text[reader.at] !== ')') throw unexpected(reader, '")"');
  reader.at += 1;
  reader.depth -= 1;
  return filter;
}

function readExpression(reader: Reader, scope: Scope): Filter {
  const start = reader.at;
  const name = readPattern(reader, /[A-Za-z$_][\w$:.-]*/y);
  if (name === undefined) throw unexpected(reader, 'an attribute name');
  if (name.toLowerCase() === 'not') {
    skipBlanks(reader);
    throw unexpected(reader, '"(" after "not"');
  }
  const attribute = resolve(name, start, scope);
  if (reader.text[reader.at] === '[') return readValuePath(reader, attribute, start, scope);
  return readOperator(reader, attribute, start);
}

function readValuePath(reader: Reader, attribute: ResolvedAttribute, start: number, scope: Scope): Filter {
  if (scope.kind === 'element') throw problem(reader.at, 'brackets cannot be nested');
  if (attribute.sub || attribute.definition.type !== 'complex') {
    throw problem(start, `"${attributeName(attribute)}" has no sub-attributes to filter by`);
  }
  descend(reader);
  reader.at += 1;
  const inner = readOr(reader, { kind: 'element', parent: attribute });
  skipBlanks(reader);
  if (reader.text[reader.at] !== ']') throw unexpected(reader, '"]"');
  reader.at += 1;
  reader.depth -= 1;
  if (reader.text[reader.at] !== '.') return { kind: 'valuePath', attribute, filter: inner };

  const subStart = reader.at + 1;
  reader.at = subStart;
  const name = readPattern(reader, /[\w$-]+/y);
  if (name === undefined) throw unexpected(reader, 'a sub-attribute');
  const sub = resolve(name, subStart, { kind: 'element', parent: attribute });
  return { kind: 'valuePath', attribute, filter: combine('and', [inner, readOperator(reader, sub, subStart)]) };
}

function readOperator(reader: Reader, attribute: ResolvedAttribute, start: number): Filter {
  reader.terms += 1;
  if (reader.terms > maxFilterTerms) throw problem(start, `there are more than ${maxFilterTerms} comparisons`);
  skipBlanks(reader);
  const operatorStart = reader.at;
  const word = readPattern(reader, /[A-Za-z]+/y)?.toLowerCase();
  if (word === 'pr') return { kind: 'present', attribute };
  const operator = comparisonOperators.find((candidate) => candidate === word);
  if (!operator) {
    reader.at = operatorStart;
    throw unexpected(reader, 'an operator (eq, ne, co, sw, ew, gt, ge, lt, le or pr)');
  }
  skipBlanks(reader);
  const valueStart = reader.at;
  const literal = readLiteral(reader);
  const compared = comparedAttribute(attribute);
  if (!compared) {
    throw problem(start, `"${attributeName(attribute)}" is complex: name one of its sub-attributes`);
  }
  const result = filterValue(compared.sub ?? compared.definition, operator, literal);
  if ('problem' in result) throw problem(valueStart, `"${attributeName(compared)}" ${result.problem}`);
  return { kind: 'compare', attribute: compared, operator, value: result.value };
}

function readLiteral(reader: Reader): FilterLiteral {
  if (reader.text[reader.at] === '"') {
    const start = reader.at;
    const quotedText = readPattern(reader, /"(?:[^"\\]|\\.)*"/suy);
    if (quotedText === undefined) throw problem(start, 'the text that begins here has no closing quote');
    const value = unquote(quotedText);
    if (value === undefined) throw problem(start, 'the text that begins here has an invalid escape');
    return { kind: 'text', text: value };
  }
  const word = readPattern(reader, /[^\s()[\]"]+/uy);
  if (word === undefined) throw unexpected(reader, 'a value');
  if (word.startsWith("'")) throw problem(reader.at - word.length, 'text values stand in double quotes');
  return { kind: 'word', text: word };
}

function unquote(quotedText: string): string | undefined {
  try {
    const value: unknown = JSON.parse(quotedText);
    return typeof value === 'string' && isStorableText(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function resolve(name: string, start: number, scope: Scope): ResolvedAttribute {
  if (scope.kind === 'element') {
    const sub = findDefinition(scope.parent.definition.subAttributes, name);
    if (!sub) throw problem(start, `"${attributeName(scope.parent)}" has no sub-attribute ${quoted(name)}`);
    return { ...scope.parent, sub };
  }
  const meaning = lookUpName(name, scope.resourceType);
  if (meaning.kind !== 'attribute') {
    const hint = scope.resourceType.extensions.find((extension) => findDefinition(extension.attributes, name));
    const advice = hint ? ` (did you mean "${hint.id}:${name}"?)` : '';
    throw problem(start, `${quoted(name)} is not an attribute of ${scope.resourceType.name}${advice}`);
  }
  if ((meaning.attribute.sub ?? meaning.attribute.definition).returned === 'never') {
    throw problem(start, `"${attributeName(meaning.attribute)}" cannot be searched`);
  }
  return meaning.attribute;
}

function readKeyword(reader: Reader, keyword: 'and' | 'or'): boolean {
  skipBlanks(reader);
  const word = keyword === 'and' ? /and(?![\w$:.-])/iuy : /or(?![\w$:.-])/iuy;
  return readPattern(reader, word) !== undefined;
}

function readPattern(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}

function skipBlanks(reader: Reader): void {
  readPattern(reader, /\s*/uy);
}

function descend(reader: Reader): void {
  reader.depth += 1;
  if (reader.depth > maxFilterDepth) throw problem(reader.at, `it is nested deeper than ${maxFilterDepth} levels`);
}

function unexpected(reader: Reader, wanted: string): ScimError {
  const found = reader.at < reader.text.length ? quoted(reader.text.slice(reader.at, reader.at + 20)) : 'the end';
  return problem(reader.at, `expected ${wanted}, found ${found}`);
}

function problem(at: number, what: string): ScimError {
  return badRequest('invalidFilter', `The filter is not valid at character ${at + 1}: ${what}.`);
}
