import { describe, expect, test } from 'vitest';
import { mismatches } from './match.ts';
import { isThere, valueAt } from './value-at.ts';

describe('paths', () => {
  const body = { Resources: [{ id: 'u1' }], 'urn:x:2.0:User': { manager: { value: 'm' } }, 'a/b': 1, 'name.first': 2 };
  test.each([
    ['Resources[0].id', 'u1'],
    ['Resources[1].id', undefined],
    ['Resources', [{ id: 'u1' }]],
    ['/urn:x:2.0:User/manager/value', 'm'],
    ['/a~1b', 1],
    ['/name.first', 2],
    ['name.first', undefined],
    ['toString', undefined],
  ])('%s', (path, value) => {
    expect(valueAt(body, path)).toEqual(value);
  });
});

test.each([
  [undefined, false],
  [null, false],
  [[], false],
  [false, true],
  ['', true],
  [[0], true],
])('%j counts as there: %s', (value, there) => {
  expect(isThere(value)).toBe(there);
});

describe('patterns that hold', () => {
  test.each<[string, unknown, unknown]>([
    ['equal scalars', 1, 1],
    ['named members only', { a: 1 }, { a: 1, b: 2 }],
    ['$ref as a member', { $ref: 'x' }, { $ref: 'x', value: 'y' }],
    ['an array element by element', [{ a: 1 }, 2], [{ a: 1, b: 1 }, 2]],
    ['items in any order', { unordered: true, items: [2, 1] }, [1, 2, 3]],
    ['items in any order, exactly', { unordered: true, items: [2, 1], exact: true }, [1, 2]],
    // The wide item must leave the first element to the narrow one.
    ['items that compete for an element', { unordered: true, items: [{ $any: true }, 'a'] }, ['a', 'b']],
    ['$any', { $any: true }, 0],
    ['$none for a missing member', { a: { $none: true } }, {}],
    ['$none for an empty array', { $none: true }, []],
    ['$type', { $type: 'integer' }, 3],
    ['one of several types', { $type: ['null', 'string'] }, null],
    ['$regex', { $regex: '^W/"\\d+"$' }, 'W/"12"'],
    ['$regex with flags', { $regex: 'ADA', $flags: 'ui' }, 'ada'],
    ['$ieq', { $ieq: 'ADA@x' }, 'ada@X'],
    ['$oneOf', { $oneOf: [1, { $gt: 5 }] }, 6],
    ['$all', { $all: [{ $gt: 1 }, { $lt: 3 }] }, 2],
    ['$not with a pattern', { $not: 'x' }, 'y'],
    ['$not with several', { $not: ['x', 'z'] }, 'y'],
    ['$not for a missing value', { m: { $not: { unordered: true, items: ['x'] } } }, {}],
    ['$length of an array', { $length: 2 }, [1, 2]],
    ['$length of a text by pattern', { $length: { $gte: 2 } }, 'abc'],
    ['$length as a sum', { $length: '1+1' }, [1, 2]],
    ['$every', { $every: { id: { $any: true } } }, [{ id: 1 }, { id: 2 }]],
    ['several matchers at once', { $gte: 1, $lte: 3 }, 3],
    ['times compare as texts', { $gt: '2024-01-01T00:00:00Z' }, '2024-01-02T00:00:00Z'],
  ])('%s', (_, pattern, value) => {
    expect(mismatches(pattern, value)).toEqual([]);
  });
});

describe('patterns that do not hold', () => {
  test.each<[string, unknown, unknown, string]>([
    ['another type', 1, '1', 'body: "1", not 1'],
    ['a missing member', { a: 1 }, {}, 'body.a: nothing, not 1'],
    ['a missing member is not null', { a: null }, {}, 'body.a: nothing, not null'],
    ['no object', { a: 1 }, [], 'body: [] is not an object'],
    ['another length', [1], [1, 2], 'body: 2 elements, not 1'],
    ['the same item twice', { unordered: true, items: [1, 1] }, [1, 2], 'body: no element of its own for 1 in [1,2]'],
    ['one element too many', { unordered: true, items: [1], exact: true }, [1, 2], 'body: 2 elements, not 1'],
    ['$any without a value', { $any: true }, null, 'body: null does not hold $any true'],
    ['$type integer', { $type: 'integer' }, 1.5, 'body: 1.5 does not hold $type "integer"'],
    ['$regex on a number', { $regex: '1' }, 1, 'body: 1 does not hold $regex "1"'],
    ['$not', { $not: { $oneOf: ['x', 'y'] } }, 'x', 'body: "x" does not hold $not {"$oneOf":["x","y"]}'],
    ['$every of no array', { $every: 1 }, undefined, 'body: nothing is not an array'],
    ['$every', { $every: 1 }, [1, 2], 'body[1]: 2, not 1'],
    ['$length of a number', { $length: 1 }, 1, 'body: 1 has no length'],
    ['$lt of different types', { $lt: 3 }, 'a', 'body: "a" does not hold $lt 3'],
  ])('%s', (_, pattern, value, message) => {
    expect(mismatches(pattern, value)).toEqual([message]);
  });
});

test.each<[string, unknown, string]>([
  ['an unknown matcher', { $anny: true }, 'there is no matcher $anny'],
  ['matchers beside members', { $any: true, id: 1 }, 'matchers and members in one object'],
  ['an unknown type', { $type: 'text' }, 'there is no type "text"'],
])('%s is an error of the scenario', (_, pattern, message) => {
  expect(() => mismatches(pattern, 1)).toThrow(message);
});
