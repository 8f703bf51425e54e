import { describe, expect, test } from 'vitest';
import { attributeName } from '../../src/scim/attribute-lookup.ts';
import { parseListQuery } from '../../src/scim/list-query.ts';
import { listResponse } from '../../src/scim/list-response.ts';
import { printFilter } from '../../src/scim/print-filter.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';
import { parseSearchRequest } from '../../src/scim/search-request.ts';
import { enterpriseUserUrn, listResponseUrn, searchRequestUrn } from '../../src/scim/urns.ts';
import { refusal } from './refusal.ts';

const limits = { defaultCount: 100, maxCount: 200 };
const query = (parameters: Record<string, unknown>) => parseListQuery(parameters, userResourceType, limits);

describe('pages (RFC 7644 section 3.4.2.4)', () => {
  test.each([
    [{}, 1, 100],
    [{ startIndex: '1', count: '2' }, 1, 2],
    // "A value less than 1 SHALL be interpreted as 1."
    [{ startIndex: '0' }, 1, 100],
    [{ startIndex: '-5' }, 1, 100],
    // "A negative value SHALL be interpreted as 0."
    [{ count: '-1' }, 1, 0],
    [{ count: '0' }, 1, 0],
    [{ count: '1000000000' }, 1, 200],
    [{ count: '99999999999999999999999' }, 1, 200],
    [{ startIndex: '99999999999999999999999' }, 2_147_483_647, 100],
    [{ startIndex: '+3', count: ' 4 ' }, 3, 4],
    [{ startIndex: '', count: '' }, 1, 100],
    [{ STARTINDEX: '2', Count: '3' }, 2, 3],
  ])('%j start at %i and hold %i', (parameters, startIndex, count) => {
    expect(query(parameters)).toMatchObject({ paging: { kind: 'index', startIndex, count } });
  });

  // RFC 9865 section 2: an empty cursor asks for the first page.
  test.each([
    [{ cursor: '' }, '', 100],
    [{ cursor: '', count: '2' }, '', 2],
    [{ CURSOR: 'abc', count: '200' }, 'abc', 200],
  ])('%j go by cursor', (parameters, cursor, count) => {
    expect(query(parameters)).toMatchObject({ paging: { kind: 'cursor', cursor, count } });
  });

  // RFC 9865 section 2.1: "Count value must be between 1 and the service provider's maxPageSize."
  test.each([
    [{ cursor: '', count: '0' }, 'invalidCount'],
    [{ cursor: '', count: '-1' }, 'invalidCount'],
    [{ cursor: '', count: '201' }, 'invalidCount'],
    [{ cursor: '', count: 'x' }, 'invalidCount'],
    [{ cursor: '', startIndex: '1' }, 'invalidValue'],
  ])('%j are refused with %s', (parameters, scimType) => {
    expect(refusal(() => query(parameters))).toMatchObject({ status: 400, scimType });
  });

  test.each([
    [{ startIndex: 'first' }, '"startIndex" must be an integer'],
    [{ startIndex: '1.5' }, '"startIndex" must be an integer'],
    [{ count: '1e3' }, '"count" must be an integer'],
    [{ count: '0x10' }, '"count" must be an integer'],
    [{ count: ['1', '2'] }, '"count" must be given once'],
    [{ count: '1', COUNT: '2' }, '"count" must be given once'],
    [{ sortOrder: 'up' }, '"sortOrder" must be'],
    [{ sortBy: 'shoeSize' }, 'not an attribute of User'],
    [{ sortBy: 'name' }, 'cannot be sorted by'],
    [{ sortBy: 'password' }, 'cannot be sorted by'],
    [{ sortBy: '__proto__' }, 'not an attribute of User'],
    [{ attributes: 'id', excludedAttributes: 'name' }, 'cannot be used together'],
  ])('%j is refused', (parameters, reason) => {
    const error = refusal(() => query(parameters));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toContain(reason);
  });
});

describe('filter and order', () => {
  test.each([
    [{ sortBy: 'userName' }, 'userName', 'ascending'],
    [{ sortBy: 'NAME.familyname', sortOrder: 'Descending' }, 'name.familyName', 'descending'],
    [{ sortBy: 'emails' }, 'emails.value', 'ascending'],
    [{ sortBy: 'meta.lastModified' }, 'meta.lastModified', 'ascending'],
    [{ sortBy: `${enterpriseUserUrn}:employeeNumber` }, `${enterpriseUserUrn}:employeeNumber`, 'ascending'],
  ])('%j', (parameters, name, sortOrder) => {
    const parsed = query(parameters);
    expect(parsed.sortBy && attributeName(parsed.sortBy)).toBe(name);
    expect(parsed.sortOrder).toBe(sortOrder);
  });

  test('a filter is found in any letter case, so that it is never overlooked', () => {
    const parsed = query({ FILTER: 'userName eq "x"' });
    expect(parsed.filter && printFilter(parsed.filter)).toBe('userName eq "x"');
  });

  test.each(['', ' ', 'userName'])('the filter %j is refused instead of listing everyone', (filter) => {
    expect(refusal(() => query({ filter }))).toMatchObject({ status: 400, scimType: 'invalidFilter' });
  });

  test('parameters of no meaning here are passed over', () => {
    expect(query({ foo: ['1', '2'], constructor: 'x' })).toMatchObject({ paging: { startIndex: 1, count: 100 } });
  });
});

describe('a search by POST (RFC 7644 section 3.4.3)', () => {
  test('is the same question in a body', () => {
    const parameters = parseSearchRequest({
      schemas: [searchRequestUrn],
      attributes: ['displayName', 'userName'],
      filter: 'displayName sw "smith"',
      startIndex: 1,
      count: 10,
      sortBy: null,
    });
    expect(parameters).toEqual({
      attributes: 'displayName,userName',
      filter: 'displayName sw "smith"',
      startIndex: '1',
      count: '10',
    });
    expect(query(parameters)).toMatchObject({ paging: { startIndex: 1, count: 10 }, projection: { kind: 'only' } });
  });

  test.each<[unknown, string]>([
    [[], 'invalidSyntax'],
    [{ schemas: ['urn:x'] }, 'invalidSyntax'],
    [{ schemas: 'x' }, 'invalidSyntax'],
    [{ filter: {} }, 'invalidValue'],
    [{ attributes: [1] }, 'invalidValue'],
    [{ count: true }, 'invalidValue'],
    [JSON.parse('{"__proto__": {"x": 1}}'), 'invalidSyntax'],
  ])('%j is refused', (body, scimType) => {
    expect(refusal(() => parseSearchRequest(body))).toMatchObject({ status: 400, scimType });
  });

  test('numbers that are no integers are refused like those of a query', () => {
    expect(refusal(() => query(parseSearchRequest({ count: 1.5 })))).toMatchObject({ scimType: 'invalidValue' });
  });
});

test('a list answer counts in integers and always has Resources', () => {
  expect(listResponse({ resources: [], totalResults: 7, startIndex: 8, itemsPerPage: 0 })).toEqual({
    schemas: [listResponseUrn],
    totalResults: 7,
    startIndex: 8,
    itemsPerPage: 0,
    Resources: [],
  });
});
