import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitGroupPatch, type MemberChange } from '../../src/scim/group-members-patch.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { groupResourceType } from '../../src/scim/resource-types.ts';
import { refusal } from './refusal.ts';

function split(...Operations: unknown[]) {
  return splitGroupPatch(parsePatchRequest({ Operations }, groupResourceType));
}

function membersOf(...operations: unknown[]): MemberChange | null {
  return split(...operations).members;
}

const keep = (add: string[], remove: string[] = []): MemberChange => ({ base: 'keep', add, remove });
const clear = (add: string[]): MemberChange => ({ base: 'clear', add, remove: [] });
const value = (...ids: string[]): unknown => ids.map((id) => ({ value: id }));

describe('operations on members become one change of the set', () => {
  test.each<[string, unknown[], MemberChange]>([
    ['add one', [{ op: 'add', path: 'members', value: value('a') }], keep(['a'])],
    [
      'add in several operations',
      [
        { op: 'add', path: 'members', value: value('a') },
        { op: 'add', path: 'members', value: value('b', 'a') },
      ],
      keep(['a', 'b']),
    ],
    ['add one object', [{ op: 'add', path: 'members', value: { value: 'a' } }], keep(['a'])],
    ['add bare ids', [{ op: 'add', path: 'members', value: ['a', 'b'] }], keep(['a', 'b'])],
    ['add one bare id', [{ op: 'add', path: 'members', value: 'a' }], keep(['a'])],
    ['add by value path', [{ op: 'add', path: 'members.value', value: 'a' }], keep(['a'])],
    ['add without a path', [{ op: 'add', value: { members: value('a') } }], keep(['a'])],
    ['remove by a list', [{ op: 'remove', path: 'members', value: value('a', 'b') }], keep([], ['a', 'b'])],
    ['remove by one object', [{ op: 'remove', path: 'members', value: { value: 'a' } }], keep([], ['a'])],
    ['remove an empty list', [{ op: 'remove', path: 'members', value: [] }], keep([])],
    ['remove by filter', [{ op: 'remove', path: 'members[value eq "a"]' }], keep([], ['a'])],
    ['remove by a bare word', [{ op: 'remove', path: 'members[value eq a]' }], keep([], ['a'])],
    ['remove by alternatives', [{ op: 'remove', path: 'members[value eq "a" or value eq "b"]' }], keep([], ['a', 'b'])],
    ['remove by value path', [{ op: 'remove', path: 'members.value', value: ['a'] }], keep([], ['a'])],
    ['remove all', [{ op: 'remove', path: 'members' }], clear([])],
    ['remove all, value null', [{ op: 'remove', path: 'members', value: null }], clear([])],
    ['replace all', [{ op: 'replace', path: 'members', value: value('a') }], clear(['a'])],
    ['replace all by nothing', [{ op: 'replace', path: 'members', value: [] }], clear([])],
    ['replace all without a path', [{ op: 'replace', value: { members: value('a') } }], clear(['a'])],
    ['replace by filter', [{ op: 'replace', path: 'members[value eq "a"]', value: value('b') }], keep(['b'], ['a'])],
    ['add by filter, with a value', [{ op: 'add', path: 'members[value eq "a"]', value: value('a') }], keep(['a'])],
    ['add by filter, without one', [{ op: 'add', path: 'members[value eq "a"]' }], keep(['a'])],
    // In order: the last word on each member counts.
    [
      'in, then out',
      [
        { op: 'add', path: 'members', value: value('a') },
        { op: 'remove', path: 'members[value eq "a"]' },
      ],
      keep([], ['a']),
    ],
    [
      'out, then in',
      [
        { op: 'remove', path: 'members[value eq "a"]' },
        { op: 'add', path: 'members', value: value('a') },
      ],
      keep(['a']),
    ],
    [
      'all out, one in, one out',
      [
        { op: 'remove', path: 'members' },
        { op: 'add', path: 'members', value: value('a', 'b') },
        { op: 'remove', path: 'members', value: value('b', 'c') },
      ],
      clear(['a']),
    ],
    [
      'one in, all replaced',
      [
        { op: 'add', path: 'members', value: value('a') },
        { op: 'replace', path: 'members', value: value('b') },
      ],
      clear(['b']),
    ],
    [
      'the URN before the name',
      [{ op: 'add', path: `${groupResourceType.schema.id}:members`, value: value('a') }],
      keep(['a']),
    ],
  ])('%s', (_, operations, expected) => {
    expect(membersOf(...operations)).toEqual(expected);
  });

  test('other operations are parted from them', () => {
    const result = split(
      { op: 'replace', value: { id: 'g', displayName: 'G', members: value('a') } },
      { op: 'replace', path: 'externalId', value: 'e' },
    );
    expect(result.members).toEqual(clear(['a']));
    expect(result.attributes.map(({ op, value: sent }) => [op, sent])).toEqual([
      ['replace', 'G'],
      ['replace', 'e'],
    ]);
  });

  test.each([
    ['no operation on members', { op: 'replace', value: { displayName: 'G' } }],
    ['an empty list to add', { op: 'add', path: 'members', value: [] }],
    ['members null in a whole object', { op: 'replace', value: { displayName: 'G', members: null } }],
  ])('%s leaves them alone', (_, operation) => {
    expect(membersOf(operation)).toBeNull();
  });
});

// RFC 7643 section 4.2: members are named by their `value`; section 2.5: only an empty list says that there are none.
describe('a member without an id never empties a group', () => {
  const useless = [
    [{}],
    [null],
    {},
    '',
    [''],
    [{ value: '' }],
    [{ value: ' ' }],
    [{ value: null }],
    [[]],
    [{ display: 'x' }],
    [{ type: 'User' }],
    [{ value: 'a' }, {}],
    [{ value: 'a', operation: 'delete' }, null],
  ];
  test.each(useless.map((sent) => [JSON.stringify(sent), sent] as const))('%s', (_, sent) => {
    const attempts = [
      () => parseResource({ displayName: 'G', members: sent }, groupResourceType),
      ...['add', 'replace', 'remove'].map((op) => () => membersOf({ op, path: 'members', value: sent })),
      ...['add', 'replace'].map((op) => () => membersOf({ op, value: { members: sent } })),
    ];
    for (const attempt of attempts) {
      expect(refusal(attempt)).toMatchObject({ status: 400, scimType: 'invalidValue' });
    }
  });
});

describe('wrong operations on members are refused', () => {
  test.each<[unknown, string, string]>([
    [{ op: 'add', path: 'members', value: [{ value: 1 }] }, 'invalidValue', '"members.value" must be text'],
    [{ op: 'add', path: 'members', value: [1] }, 'invalidValue', '"members" must be an object'],
    [{ op: 'add', path: 'members', value: [{ type: 'User' }] }, 'invalidValue', 'must have a "value"'],
    [{ op: 'remove', path: 'members', value: [{ display: 'x', type: 'User' }] }, 'invalidValue', 'must have a "value"'],
    [{ op: 'add', path: 'members' }, 'invalidValue', 'needs a "value"'],
    [{ op: 'remove', path: 'members[type eq "User"]' }, 'invalidFilter', 'by id only'],
    [{ op: 'remove', path: 'members[value ne "a"]' }, 'invalidFilter', 'by id only'],
    [{ op: 'remove', path: 'members[value eq "a" and type eq "User"]' }, 'invalidFilter', 'by id only'],
    [{ op: 'remove', path: 'members[not (value eq "a")]' }, 'invalidFilter', 'by id only'],
    [{ op: 'remove', path: 'members[value pr]' }, 'invalidFilter', 'by id only'],
    [{ op: 'replace', path: 'members[value eq "a"].type', value: 'User' }, 'mutability', 'whole members'],
    [{ op: 'replace', path: 'members[value eq "a"].display', value: 'A' }, 'mutability', 'read-only'],
  ])('%j', (operation, scimType, reason) => {
    const error = refusal(() => membersOf(operation));
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.detail).toContain(reason);
  });
});

describe('the change is what the operations do one by one', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const ids = fc.array(id, { maxLength: 3 });
  type Step = { op: 'add' | 'remove' | 'replace' | 'clear' | 'removeChosen'; ids: string[] };
  const step: fc.Arbitrary<Step> = fc.record({
    op: fc.constantFrom(
      'add' as const,
      'remove' as const,
      'replace' as const,
      'clear' as const,
      'removeChosen' as const,
    ),
    ids,
  });

  function operationOf({ op, ids: members }: Step): unknown {
    switch (op) {
      case 'clear':
        return { op: 'remove', path: 'members' };
      case 'removeChosen':
        return { op: 'remove', path: `members[value eq "${members[0] ?? 'z'}"]` };
      default:
        return { op, path: 'members', value: value(...members) };
    }
  }

  function applyStep(members: Set<string>, { op, ids: named }: Step): Set<string> {
    switch (op) {
      case 'add':
        return new Set([...members, ...named]);
      case 'remove':
        return new Set([...members].filter((member) => !named.includes(member)));
      case 'replace':
        return new Set(named);
      case 'clear':
        return new Set();
      case 'removeChosen':
        return new Set([...members].filter((member) => member !== named[0]));
    }
  }

  test('for any sequence and any members before', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), ids, (steps, before) => {
        const change = membersOf(...steps.map(operationOf)) ?? keep([]);
        const kept = change.base === 'clear' ? [] : before.filter((member) => !change.remove.includes(member));
        const after = new Set([...kept, ...change.add]);
        expect(after).toEqual(steps.reduce(applyStep, new Set(before)));
        expect(change.add.filter((member) => change.remove.includes(member))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('2,000 operations of one member each are read and folded at once', () => {
    const operations = Array.from({ length: 2000 }, (_, at) => ({
      op: 'add',
      path: 'members',
      value: value(`id-${at}`),
    }));
    const started = performance.now();
    expect(membersOf(...operations)?.add).toHaveLength(2000);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
