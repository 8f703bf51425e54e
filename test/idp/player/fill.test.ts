import { describe, expect, test } from 'vitest';
import { fill, fillCount, fillText, ScenarioError } from './fill.ts';
import type { Count, Json } from './scenario.ts';

const variables = { run: 'r1', total: 7, mail: 'a+b@x.example', ids: ['u1', 'u2', 'u3'], active: true };

describe('texts', () => {
  test.each([
    ['nothing to fill', 'nothing to fill'],
    ['ida.{{run}}@x', 'ida.r1@x'],
    ['{{run}}-{{run}}', 'r1-r1'],
    ['count {{total}}', 'count 7'],
    ['/Users?filter={{enc:mail}}', '/Users?filter=a%2Bb%40x.example'],
    ['{"active":{{json:active}},"name":{{json:run}}}', '{"active":true,"name":"r1"}'],
  ])('%s', (template, filled) => {
    expect(fillText(template, variables)).toBe(filled);
  });

  test('an unknown name is an error that names it', () => {
    expect(() => fillText('{{nobody}}', variables)).toThrow('there is no variable "nobody"');
  });

  test('names of Object.prototype are unknown names', () => {
    expect(() => fillText('{{toString}}', variables)).toThrow(ScenarioError);
  });
});

describe('bodies and patterns', () => {
  test.each<[string, Json, Json]>([
    ['scalars stay', [1, true, null], [1, true, null]],
    ['texts are filled at any depth, keys too', { a: [{ 'k{{run}}': '{{run}}' }] }, { a: [{ kr1: 'r1' }] }],
    [
      'a lone json placeholder keeps its type',
      { n: '{{json:total}}', l: '{{json:ids}}' },
      { n: 7, l: ['u1', 'u2', 'u3'] },
    ],
    ['$ref is an ordinary member', { $ref: null, value: '{{run}}' }, { $ref: null, value: 'r1' }],
    [
      '$repeat counts from 0 and from 1',
      { $repeat: 2, item: { i: '{{json:i}}', n: '{{n}}' } },
      [
        { i: 0, n: '1' },
        { i: 1, n: '2' },
      ],
    ],
    ['$repeat takes a sum as count', { $repeat: '{{total}}-5', item: 'x', uncapped: true }, ['x', 'x']],
    [
      '$each runs over a saved list',
      { $each: 'ids', item: { value: '{{item}}' } },
      [{ value: 'u1' }, { value: 'u2' }, { value: 'u3' }],
    ],
    ['$each cuts from and to', { $each: 'ids', from: 1, to: 2, item: '{{item}}' }, ['u2']],
    ['generators nest', { $repeat: 2, item: { $each: 'ids', from: 2, item: '{{item}}' } }, [['u3'], ['u3']]],
    ['$text makes a long text', { $text: 'ab', times: 3 }, 'ababab'],
  ])('%s', (_, template, filled) => {
    expect(fill(template, variables)).toEqual(filled);
  });

  test.each<[string, Json, string]>([
    ['a misspelt member', { $repeat: 2, itme: 'x' }, '"itme" does not belong beside "$repeat"'],
    ['a list that is none', { $each: 'run', item: 'x' }, '"run" is not a list'],
    ['a missing item', { $repeat: 2 }, 'a generator needs an "item"'],
  ])('a generator with %s is an error', (_, template, message) => {
    expect(() => fill(template, variables)).toThrow(message);
  });
});

test.each<[Count, number]>([
  [5, 5],
  ['5', 5],
  ['{{total}}+1', 8],
  ['{{total}} - 2 + 1', 6],
])('the count %j is %i', (count, value) => {
  expect(fillCount(count, variables)).toBe(value);
});

test.each<Count>(['{{run}}', 'five', '1-2', ''])('%j is not a count', (count) => {
  expect(() => fillCount(count, variables)).toThrow(ScenarioError);
});
