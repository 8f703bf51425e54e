import { attributeName, comparedAttribute, lookUpName, type ResolvedAttribute } from './attribute-lookup.ts';
import { parseFilter, type Filter } from './filter.ts';
import { sameName } from './fold-case.ts';
import { parseProjection, type Projection } from './projection.ts';
import { badRequest, quoted, type ScimType } from './scim-error.ts';
import type { ResourceType } from './schema.ts';

/** The question that a GET of a collection, or a POST to its `/.search`, asks (RFC 7644 section 3.4.2). */
export interface ListQuery {
  readonly filter?: Filter;
  readonly paging: Paging;
  readonly sortBy?: ResolvedAttribute;
  readonly sortOrder: 'ascending' | 'descending';
  readonly projection: Projection;
}

/** Which part of the results: by position (RFC 7644 section 3.4.2.4), or by cursor (RFC 9865). */
export type Paging =
  | {
      readonly kind: 'index';
      /** Position of the first result, from 1. */
      readonly startIndex: number;
      /** Most results to answer with; 0 asks for the total alone. */
      readonly count: number;
    }
  | {
      readonly kind: 'cursor';
      /** A cursor that an earlier page gave; empty for the first page. */
      readonly cursor: string;
      /** Most results to answer with, 1 or more. */
      readonly count: number;
    };

export interface ListLimits {
  /** Page size where the request names none. */
  readonly defaultCount: number;
  /** Largest page; a larger `count` is brought down to it. */
  readonly maxCount: number;
}

/** Beyond any collection, and exact in every place that a position passes through. */
const maxStartIndex = 2_147_483_647;

export const parameterNames = [
  'filter',
  'startIndex',
  'count',
  'cursor',
  'sortBy',
  'sortOrder',
  'attributes',
  'excludedAttributes',
] as const;
type ParameterName = (typeof parameterNames)[number];

/**
 * Reads query parameters, already decoded as form encoding (Entra writes blanks as `+`). Their names are taken without
 * letter case: a `Filter` that is overlooked would answer with everyone. Numbers out of range are brought into it, as
 * RFC 7644 section 3.4.2.4 says; anything that is not an integer is refused. With a cursor a `count` out of range is
 * refused too, as RFC 9865 section 2.1 says.
 *
 * @param parameters one text each; a parameter given twice arrives as a list and is refused
 * @throws ScimError 400 invalidFilter, invalidValue or invalidCount
 */
export function parseListQuery(
  parameters: Readonly<Record<string, unknown>>,
  resourceType: ResourceType,
  limits: ListLimits,
): ListQuery {
  const given = readParameters(parameters);
  const filter = given.filter === undefined ? undefined : parseFilter(given.filter, resourceType);
  const sortBy = given.sortBy === undefined ? undefined : sortAttribute(given.sortBy, resourceType);
  return {
    ...(filter ? { filter } : {}),
    paging: paging(given, limits),
    ...(sortBy ? { sortBy } : {}),
    sortOrder: sortOrder(given.sortOrder),
    projection: parseProjection(given, resourceType),
  };
}

function readParameters(parameters: Readonly<Record<string, unknown>>): Partial<Record<ParameterName, string>> {
  const given: Partial<Record<ParameterName, string>> = {};
  for (const [key, value] of Object.entries(parameters)) {
    const name = parameterNames.find((candidate) => sameName(candidate, key));
    if (name === undefined || value === undefined) continue;
    if (typeof value !== 'string' || given[name] !== undefined) {
      throw badRequest('invalidValue', `The parameter "${name}" must be given once.`);
    }
    // An empty cursor asks for the first page.
    if (value.trim() !== '' || name === 'cursor') given[name] = value;
    // An empty filter cannot be read as "no filter": that would answer with everyone.
    else if (name === 'filter') throw badRequest('invalidFilter', 'The filter is empty.');
  }
  return given;
}

function paging(given: Partial<Record<ParameterName, string>>, { defaultCount, maxCount }: ListLimits): Paging {
  const count = integer(given.count, 'count', given.cursor === undefined ? 'invalidValue' : 'invalidCount');
  if (given.cursor === undefined) {
    return {
      kind: 'index',
      startIndex: clamp(integer(given.startIndex, 'startIndex', 'invalidValue') ?? 1, 1, maxStartIndex),
      count: clamp(count ?? defaultCount, 0, maxCount),
    };
  }
  if (given.startIndex !== undefined) {
    throw badRequest('invalidValue', '"startIndex" and "cursor" are two ways of paging; send one of them.');
  }
  if (count !== undefined && (count < 1 || count > maxCount)) {
    throw badRequest('invalidCount', `With a cursor, "count" must be between 1 and ${maxCount}.`);
  }
  return { kind: 'cursor', cursor: given.cursor.trim(), count: count ?? defaultCount };
}

function integer(text: string | undefined, name: string, scimType: ScimType): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[+-]?\d+$/u.test(text.trim())) {
    throw badRequest(scimType, `"${name}" must be an integer, not ${quoted(text)}.`);
  }
  return Number(text);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function sortAttribute(name: string, resourceType: ResourceType): ResolvedAttribute {
  const meaning = lookUpName(name.trim(), resourceType);
  if (meaning.kind !== 'attribute') {
    throw badRequest(
      'invalidValue',
      `"sortBy" names ${quoted(name)}, which is not an attribute of ${resourceType.name}.`,
    );
  }
  const attribute = comparedAttribute(meaning.attribute);
  if (!attribute || (attribute.sub ?? attribute.definition).returned === 'never') {
    throw badRequest(
      'invalidValue',
      `"${attributeName(meaning.attribute)}" cannot be sorted by; name a sub-attribute.`,
    );
  }
  return attribute;
}

function sortOrder(text: string | undefined): ListQuery['sortOrder'] {
  const order = text?.trim().toLowerCase() ?? 'ascending';
  if (order === 'ascending' || order === 'descending') return order;
  throw badRequest('invalidValue', `"sortOrder" must be "ascending" or "descending", not ${quoted(text ?? '')}.`);
}
