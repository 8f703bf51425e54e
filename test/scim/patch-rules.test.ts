import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import { applyPatch } from '../../src/scim/patch.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { parseExtensionSchema } from '../../src/scim/parse-extension-schema.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';
import { defineAttribute, type ResourceType } from '../../src/scim/schema.ts';
import { enterpriseUserUrn as enterprise } from '../../src/scim/urns.ts';
import { add, home, patch, remove, replace, user, work, type SentOperation } from './patched-user.ts';
import { refusal } from './refusal.ts';

const custom = 'urn:okta:acme:2.0:user:custom';

describe('primary (RFC 7643 section 2.4, RFC 7644 section 3.5.2)', () => {
  const other = { value: 'o@x', type: 'other', primary: true };
  test.each<[string, SentOperation, unknown[]]>([
    ['an added primary clears the old one', add('emails', [other]), [{ ...work, primary: false }, home, other]],
    [
      'a replaced flag clears the old one',
      replace('emails[type eq "home"].primary', true),
      [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    ],
    [
      'a flag as text does too',
      replace('emails[type eq "home"].primary', 'True'),
      [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    ],
    [
      'a replaced element does too',
      replace('emails[type eq "home"]', { ...home, primary: true }),
      [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    ],
    [
      're-adding an element as primary does too',
      add('emails', [{ ...home, primary: true }]),
      [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    ],
    [
      'a made element does too',
      add('emails[type eq "other" and primary eq true].value', 'o@x'),
      [{ ...work, primary: false }, home, { type: 'other', primary: true, value: 'o@x' }],
    ],
    // RFC 7644 section 3.5.2: the old primary is repeated, but not as the primary.
    [
      'an added primary clears an old one that is repeated',
      add('emails', [{ value: 'work@x', type: 'work' }, other]),
      [{ ...work, primary: false }, home, other],
    ],
    [
      'without a path too',
      { op: 'add', value: { emails: [{ value: 'work@x', type: 'work' }, other] } },
      [{ ...work, primary: false }, home, other],
    ],
    ['of several at once the first stays', replace('emails.primary', true), [work, { ...home, primary: false }]],
    [
      'of several in a new list the first stays',
      replace(
        'emails',
        [home, other, work].map((email) => ({ ...email, primary: true })),
      ),
      [
        { ...home, primary: true },
        { ...other, primary: false },
        { ...work, primary: false },
      ],
    ],
    ['false leaves none', replace('emails[type eq "work"].primary', false), [{ ...work, primary: false }, home]],
  ])('%s', (_, operation, emails) => {
    expect(patch(user, [operation]).resource['emails']).toEqual(emails);
  });
});

describe('the operations are one change', () => {
  test('each sees what the one before has done', () => {
    const operations = ['streetAddress', 'locality', 'region'].map((name) =>
      add(`addresses[type eq "work"].${name}`, name),
    );
    expect(patch(user, operations).resource['addresses']).toEqual([
      { type: 'work', streetAddress: 'streetAddress', locality: 'locality', region: 'region' },
    ]);
  });

  test('operations that undo each other change nothing', () => {
    expect(patch(user, [replace('displayName', 'x'), replace('displayName', 'Babs')]).changed).toEqual([]);
  });

  test('a failing one leaves the input as it was', () => {
    const before = structuredClone(user);
    const operations = parsePatchRequest(
      {
        Operations: [
          replace('name.givenName', 'X'),
          remove('emails'),
          replace('phoneNumbers[value eq "1"]', { value: '2' }),
        ],
      },
      userResourceType,
    );
    expect(refusal(() => applyPatch(user, operations, userResourceType)).scimType).toBe('noTarget');
    expect(user).toEqual(before);
  });

  test('applying the same operations twice gives the same result, and they are not changed', () => {
    const operations = parsePatchRequest(
      {
        Operations: [
          add('emails', [{ value: 'o@x', extra: { deep: 1 } }]),
          { op: 'add', value: { [custom]: { badge: { a: 1 } }, name: { extra: { deep: 1 } } } },
          { op: 'add', value: { [`${custom}:badge.b`]: 2, 'name.extra.more': 2 } },
        ],
      },
      userResourceType,
    );
    const before = structuredClone(operations);
    const once = applyPatch(user, operations, userResourceType);
    expect(operations).toEqual(before);
    expect(applyPatch(user, operations, userResourceType)).toEqual(once);
    expect(applyPatch(once.resource, operations, userResourceType).changed).toEqual([]);
    expect(once.resource[custom]).toEqual({ badge: { a: 1, b: 2 } });
    expect(once.resource['name']).toMatchObject({ extra: { deep: 1, more: 2 } });
  });
});

describe('what no schema defines', () => {
  const holder: JsonObject = { ...user, shoeSize: 42, [custom]: { badge: 'B', doors: ['a'] } };
  test.each<[string, JsonObject, SentOperation[], Record<string, unknown>]>([
    ['a plain name without a path is kept', user, [{ op: 'replace', value: { shoeSize: 43 } }], { shoeSize: 43 }],
    ['a plain name that is there can be replaced', holder, [replace('SHOESIZE', 43)], { shoeSize: 43 }],
    ['and removed', holder, [remove('shoeSize')], { shoeSize: undefined }],
    ['and cleared by null', holder, [replace('shoeSize', null)], { shoeSize: undefined }],
    [
      'a dotted key is a path, never a literal member',
      user,
      [{ op: 'add', value: { 'name.nick': 'N', 'x.y': 1 } }],
      { name: { ...(user['name'] as object), nick: 'N' }, x: { y: 1 } },
    ],
    ['an unknown URN with an attribute', user, [add(`${custom}:badge`, 'B')], { [custom]: { badge: 'B' } }],
    ['is merged', holder, [replace(`${custom}:badge`, 'C')], { [custom]: { badge: 'C', doors: ['a'] } }],
    [
      'an unknown URN with an object',
      holder,
      [add(custom, { level: 1 })],
      { [custom]: { badge: 'B', doors: ['a'], level: 1 } },
    ],
    ['add appends to a list', holder, [add(`${custom}:doors`, ['b'])], { [custom]: { badge: 'B', doors: ['a', 'b'] } }],
    ['an attribute of an unknown URN goes', holder, [remove(`${custom}:badge`)], { [custom]: { doors: ['a'] } }],
    ['an unknown URN goes', holder, [remove(custom)], { [custom]: undefined }],
    ['removing what is not there changes nothing', user, [remove(`${custom}:badge`), remove(custom)], {}],
  ])('%s', (_, resource, operations, expected) => {
    expect(patch(resource, operations).resource).toEqual(JSON.parse(JSON.stringify({ ...resource, ...expected })));
  });

  test.each([
    [replace('shoeSize', 43), 'shoeSize'],
    [remove('shoeSize'), 'shoeSize'],
    [add('name.nick', 'N'), 'name.nick'],
    [add(`${enterprise}:badge`, 'B'), `${enterprise}:badge`],
    [add('department', 'D'), `Did you mean \\"${enterprise}:department\\"`.replaceAll('\\', '')],
  ])('a path to nothing that is known or there is refused: %j', (operation, detail) => {
    const error = refusal(() => patch(user, [operation]));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidPath' });
    expect(error.detail).toContain(detail);
  });

  test('a path through a value without members is refused', () => {
    expect(refusal(() => patch(holder, [{ op: 'add', value: { 'shoeSize.left': 1 } }]))).toMatchObject({
      scimType: 'invalidPath',
    });
  });
});

describe('the cost of a PATCH is bounded', () => {
  const values = (count: number): unknown[] => Array.from({ length: count }, (_, at) => ({ value: `v${at}` }));

  test('1,000 values are accepted in a list, 1,001 are not', () => {
    expect(patch(user, [replace('emails', values(1000))]).resource['emails']).toHaveLength(1000);
    for (const operation of [replace('emails', values(1001)), add('emails', values(999))]) {
      expect(refusal(() => patch(user, [operation]))).toMatchObject({ status: 400, scimType: 'invalidValue' });
    }
  });

  test('an object without end is not stored, in one operation or in many', () => {
    const many = Object.fromEntries(values(1001).map((_, at) => [`a${at}`, 1]));
    expect(refusal(() => patch(user, [{ op: 'add', value: many }]))).toMatchObject({
      status: 400,
      scimType: 'invalidSyntax',
    });
    const single = Object.keys(many).map((key) => ({ op: 'add', value: { [key]: 1 } }));
    expect(refusal(() => patch(user, single))).toMatchObject({ status: 400, scimType: 'invalidValue' });
  });

  test('a path without end is refused', () => {
    const path = 'a.'.repeat(100_000);
    expect(refusal(() => patch(user, [{ op: 'add', value: { [`${path}a`]: 1 } }]))).toMatchObject({
      scimType: 'invalidPath',
    });
  });

  test('5,000 operations on a list of 1,000 take seconds at most', () => {
    const operations = [
      replace('emails', values(1000)),
      ...Array.from({ length: 2500 }, (_, at) => add('emails', [{ value: `v${at % 1000}` }])),
      ...Array.from({ length: 2500 }, (_, at) => replace(`emails[value eq "v${at % 1000}"].display`, `d${at}`)),
    ];
    const started = performance.now();
    expect(patch(user, operations).resource['emails']).toHaveLength(1000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('immutable and required attributes of an extension', () => {
  const type: ResourceType = {
    ...userResourceType,
    extensions: [
      {
        id: 'urn:example:badge',
        name: 'Badge',
        description: 'A badge.',
        attributes: [defineAttribute('number', 'The number.', { type: 'integer', mutability: 'immutable' })],
      },
    ],
  };

  test('take a first value, and keep it', () => {
    const first = patch(user, [add('urn:example:badge:number', 7)], type).resource;
    expect(first['urn:example:badge']).toEqual({ number: 7 });
    expect(patch(first, [add('urn:example:badge:number', 7)], type).changed).toEqual([]);
    for (const operation of [
      replace('urn:example:badge:number', 8),
      remove('urn:example:badge:number'),
      remove('urn:example:badge'),
    ]) {
      expect(refusal(() => patch(first, [operation], type))).toMatchObject({ status: 400, scimType: 'mutability' });
    }
  });

  test('a required one must come with the extension, and stays', () => {
    const attributes = [defineAttribute('badge', 'B.', { required: true }), defineAttribute('desk', 'D.')];
    const strict = {
      ...userResourceType,
      extensions: [{ id: 'urn:example:desk', name: 'Desk', description: 'D.', attributes }],
    };
    expect(refusal(() => patch(user, [add('urn:example:desk:desk', '1')], strict))).toMatchObject({
      scimType: 'invalidValue',
    });
    const seated = patch(user, [add('urn:example:desk', { desk: '1', badge: 'B' })], strict).resource;
    expect(refusal(() => patch(seated, [remove('urn:example:desk:badge')], strict))).toMatchObject({
      scimType: 'mutability',
    });
    expect(patch(seated, [remove('urn:example:desk')], strict).resource).toEqual(user);
  });
});

// RFC 7643 section 7: `required` and `immutable` hold for sub-attributes as well.
describe('immutable and required sub-attributes of an extension', () => {
  const urn = 'urn:example:keys';
  const extension = parseExtensionSchema({
    id: urn,
    name: 'Keys',
    attributes: [
      {
        name: 'keys',
        type: 'complex',
        multiValued: true,
        subAttributes: [
          { name: 'value' },
          { name: 'room', required: true },
          { name: 'serial', mutability: 'immutable' },
          { name: 'note' },
        ],
      },
      { name: 'desk', type: 'complex', subAttributes: [{ name: 'floor', required: true }, { name: 'seat' }] },
    ],
  });
  const type: ResourceType = { ...userResourceType, extensions: [extension] };
  const keys = [
    { value: 'k1', room: '1', serial: 's1' },
    { value: 'k2', room: '2' },
  ];
  const holder: JsonObject = { userName: 'u', [urn]: { keys, desk: { floor: '1', seat: '2' } } };

  test('a POST needs the required ones', () => {
    for (const sent of [{ keys: [{ value: 'k' }] }, { desk: { seat: '1' } }]) {
      const error = refusal(() => parseResource({ userName: 'u', [urn]: sent }, type));
      expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
      expect(error.detail).toContain('is required');
    }
  });

  test.each<[string, SentOperation, string]>([
    ['an element without a required one', add(`${urn}:keys`, [{ value: 'k3' }]), 'invalidValue'],
    ['removal of a required one', remove(`${urn}:keys[value eq "k1"].room`), 'invalidValue'],
    ['removal of a required one of a single value', remove(`${urn}:desk.floor`), 'invalidValue'],
    ['change of an immutable one', replace(`${urn}:keys[value eq "k1"].serial`, 's9'), 'mutability'],
    ['removal of an immutable one', remove(`${urn}:keys[value eq "k1"].serial`), 'mutability'],
    ['a new list that changes an immutable one', replace(`${urn}:keys`, [{ ...keys[0], serial: 's9' }]), 'mutability'],
  ])('%s is refused', (_, operation, scimType) => {
    expect(refusal(() => patch(holder, [operation], type))).toMatchObject({ status: 400, scimType });
  });

  test.each<[string, SentOperation]>([
    ['a first value', add(`${urn}:keys[value eq "k2"].serial`, 's2')],
    ['a change beside them', replace(`${urn}:keys[value eq "k1"].note`, 'n')],
    ['a merge that does not repeat the required one', add(`${urn}:keys`, [{ value: 'k1', note: 'n' }])],
    ['a change of a single value that does not repeat it', replace(`${urn}:desk`, { seat: '7' })],
    ['removal of a whole element', remove(`${urn}:keys[value eq "k1"]`)],
  ])('%s is accepted', (_, operation) => {
    expect(patch(holder, [operation], type).changed).toHaveLength(1);
  });
});

// RFC 7643 section 2.4: no two elements with the same value and type.
test('two elements that a change makes the same become one, which stays the primary', () => {
  const emails = [
    { value: 'a@x', type: 'work', primary: true },
    { value: 'a@x', type: 'home', display: 'A' },
  ];
  expect(patch({ ...user, emails }, [replace('emails[type eq "home"].type', 'work')]).resource['emails']).toEqual([
    { value: 'a@x', type: 'work', primary: true, display: 'A' },
  ]);
});
