import { describe, expect, test } from 'vitest';
import { changedAttributes } from '../../src/scim/changed-attributes.ts';
import { instantOf, withZone } from '../../src/scim/date-time.ts';
import { matchesVersion, weakETag } from '../../src/scim/etag.ts';
import { canonicalJson, cloneJson, type JsonObject } from '../../src/scim/json.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';
import { errorBody, quoted, ScimError } from '../../src/scim/scim-error.ts';
import { enterpriseUserUrn, errorUrn } from '../../src/scim/urns.ts';

describe('an error body (RFC 7644 section 3.12)', () => {
  test('has its status as text', () => {
    expect(errorBody(new ScimError(409, 'uniqueness', 'taken'))).toEqual({
      schemas: [errorUrn],
      status: '409',
      scimType: 'uniqueness',
      detail: 'taken',
    });
  });

  test('has no scimType where there is none', () => {
    expect(errorBody(new ScimError(404, undefined, 'gone'))).toEqual({
      schemas: [errorUrn],
      status: '404',
      detail: 'gone',
    });
  });

  test('quotes what was sent on one line, and not at length', () => {
    expect(quoted('a\n"b"')).toBe('"a\\n\\"b\\""');
    expect(quoted('x'.repeat(500)).length).toBeLessThan(90);
  });
});

describe('entity tags (RFC 7644 section 3.14, RFC 9110 section 8.8.3)', () => {
  test('are weak', () => expect(weakETag(7)).toBe('W/"7"'));

  test.each([
    ['W/"7"', true],
    ['"7"', true],
    ['7', true],
    ['*', true],
    ['W/"6", W/"7"', true],
    [' W/"7" ', true],
    ['W/"6"', false],
    ['W/"77"', false],
    ['', false],
    ['w/"7"', false],
  ])('%s matches version 7: %s', (header, expected) => expect(matchesVersion(header, 7)).toBe(expected));
});

describe('times (RFC 7643 section 2.3.5)', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00', 0n],
    ['1970-01-01T01:00:00+01:00', 0n],
    ['1969-12-31T23:00:00-01:00', 0n],
    ['1970-01-01T00:00:00.000001Z', 1n],
    ['1970-01-01T00:00:01.5z', 1_500_000n],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000_000n],
    ['9999-12-31T23:59:59.999999Z', 253_402_300_799_999_999n],
  ])('%s is %s microseconds from 1970', (text, expected) => expect(instantOf(text)).toBe(expected));

  test.each([
    '',
    '2026-01-31',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '0000-01-01T00:00:00Z',
    '2026-01-01T00:00:00+15:00',
    '2026-01-01 00:00:00Z',
    '20260101T000000Z',
  ])('%j is no time', (text) => expect(instantOf(text)).toBeUndefined());

  test('get a zone where they have none', () => {
    expect(withZone('2026-01-01T00:00:00')).toBe('2026-01-01T00:00:00Z');
    expect(withZone('2026-01-01T00:00:00+01:00')).toBe('2026-01-01T00:00:00+01:00');
  });
});

describe('what differs between two states', () => {
  test.each<[JsonObject, JsonObject, string[]]>([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2, b: 1 }, ['a', 'b']],
    [{ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }, []],
    [{ a: [{ v: 1 }, { v: 2 }] }, { a: [{ v: 2 }, { v: 1 }] }, []],
    [{ a: [1, 1, 2] }, { a: [1, 2, 2] }, ['a']],
    [{ a: [] }, {}, []],
    [{ a: null }, { a: {} }, []],
    [{ a: '' }, {}, ['a']],
    [
      { [enterpriseUserUrn]: { department: 'A', division: 'B' } },
      { [enterpriseUserUrn]: { department: 'C', division: 'B' } },
      [`${enterpriseUserUrn}:department`],
    ],
    [{}, { [enterpriseUserUrn]: { department: 'C' } }, [`${enterpriseUserUrn}:department`]],
    [{ 'urn:x': { a: 1 } }, { 'urn:x': { a: 2 } }, ['urn:x']],
  ])('%j and %j: %j', (before, after, expected) => {
    expect(changedAttributes(before, after, userResourceType)).toEqual(expected);
  });
});

describe('JSON values', () => {
  test('are copied with members of any name, and no prototype is touched', () => {
    const value = JSON.parse('{"__proto__": {"polluted": 1}, "a": [{"b": 1}]}') as JsonObject;
    const copy = cloneJson(value);
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(({} as JsonObject)['polluted']).toBeUndefined();
    expect(copy['a']).not.toBe(value['a']);
  });

  test('have one canonical text whatever the order of members', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
      canonicalJson({ a: true, b: [1, { c: 'x', d: null }] }),
    );
  });
});
