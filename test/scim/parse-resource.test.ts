import { describe, expect, test } from 'vitest';
import { memberIds } from '../../src/scim/group-members-patch.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { defineAttribute } from '../../src/scim/schema.ts';
import { refusal } from './refusal.ts';

const core = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const user = (more: object): unknown => ({ schemas: [core], userName: 'u@x.example', ...more });

describe('a user of a POST or PUT is read', () => {
  test.each<[string, object, object]>([
    [
      'names in any letter case become canonical',
      { DISPLAYNAME: 'D', Name: { GIVENNAME: 'G' } },
      { displayName: 'D', name: { givenName: 'G' } },
    ],
    // RFC 7643 section 2.5.
    ['null and [] are no value', { title: null, emails: [], phoneNumbers: null, name: {} }, {}],
    [
      'null inside a complex value is no value',
      { name: { givenName: 'G', middleName: null } },
      { name: { givenName: 'G' } },
    ],
    // RFC 7644 section 3.3: readOnly attributes are ignored.
    [
      "id, meta and groups are not the client's",
      { id: 'x', meta: { resourceType: 'User' }, groups: [{ value: 'g' }] },
      {},
    ],
    ['a password is taken and thrown away', { password: 'secret' }, {}],
    [
      'values are kept as they are sent',
      { displayName: '  Åse \n', phoneNumbers: [{ value: '555 55', type: 'work' }] },
      { displayName: '  Åse \n', phoneNumbers: [{ value: '555 55', type: 'work' }] },
    ],
    [
      'extension attributes are checked and named canonically',
      { [enterprise.toLowerCase()]: { DEPARTMENT: 'D', costCenter: null } },
      { [enterprise]: { department: 'D' } },
    ],
    ['an empty extension is none', { [enterprise]: {} }, {}],
    ['an extension of nothing but nulls is none', { [enterprise]: { department: null, manager: [] } }, {}],
    ['core attributes may carry their URN', { [`${core}:nickName`]: 'N' }, { nickName: 'N' }],
    ['core attributes may stand under their URN', { [core]: { nickName: 'N' } }, { nickName: 'N' }],
    [
      'unknown attributes are kept',
      { shoeSize: 42, nested: { a: [1, null] }, nothing: null },
      { shoeSize: 42, nested: { a: [1, null] } },
    ],
    [
      'unknown extensions are kept',
      { 'urn:okta:acme:2.0:user:custom': { badge: 'B' } },
      { 'urn:okta:acme:2.0:user:custom': { badge: 'B' } },
    ],
    [
      'unknown sub-attributes are kept',
      { name: { givenName: 'G', nick: 'N' } },
      { name: { givenName: 'G', nick: 'N' } },
    ],
    [
      'an element given twice is kept once',
      {
        emails: [
          { value: 'A@x', type: 'work' },
          { value: 'a@x', type: 'Work', display: 'A' },
        ],
      },
      { emails: [{ value: 'A@x', type: 'work', display: 'A' }] },
    ],
    [
      'one value with two types is two elements',
      {
        emails: [
          { value: 'a@x', type: 'work' },
          { value: 'a@x', type: 'home' },
        ],
      },
      {
        emails: [
          { value: 'a@x', type: 'work' },
          { value: 'a@x', type: 'home' },
        ],
      },
    ],
    [
      'any type is accepted: canonical values are suggestions',
      { emails: [{ value: 'a@x', type: 'boat' }] },
      { emails: [{ value: 'a@x', type: 'boat' }] },
    ],
    [
      'a role may hold JSON in text',
      { roles: [{ value: '{"id":"1","displayName":"User"}' }] },
      { roles: [{ value: '{"id":"1","displayName":"User"}' }] },
    ],
    ['schemas may be missing', { schemas: null }, {}],
    ['schemas is derived, not stored', { schemas: ['urn:scim:schemas:core:1.0'] }, {}],
  ])('%s', (_, sent, expected) => {
    expect(parseResource(user(sent), userResourceType)).toEqual({ userName: 'u@x.example', ...expected });
  });

  test('the input is not changed', () => {
    const sent = user({
      emails: [
        { value: 'a', primary: 'True' },
        { value: 'b', primary: true },
      ],
    });
    const before = structuredClone(sent);
    parseResource(sent, userResourceType);
    expect(sent).toEqual(before);
  });
});

describe('a wrong user is refused with a reason', () => {
  test.each<[string, unknown, string, string]>([
    ['text for a body', 'x', 'invalidSyntax', 'must be a JSON object'],
    ['a list for a body', [], 'invalidSyntax', 'must be a JSON object'],
    ['no body', undefined, 'invalidSyntax', 'must be a JSON object'],
    ['no userName', { schemas: [core] }, 'invalidValue', '"userName" is required'],
    ['userName null', user({ userName: null }), 'invalidValue', '"userName" is required'],
    ['userName empty', user({ userName: '' }), 'invalidValue', '"userName" is required'],
    ['userName blank', user({ userName: ' \t' }), 'invalidValue', '"userName" is required'],
    ['userName a number', user({ userName: 7 }), 'invalidValue', '"userName" must be text'],
    ['userName a list', user({ userName: ['u'] }), 'invalidValue', '"userName" must be text, not a list'],
    ['userName twice', user({ USERNAME: 'v' }), 'invalidSyntax', 'given twice'],
    ['displayName an object', user({ displayName: {} }), 'invalidValue', '"displayName" must be text, not an object'],
    ['active "0"', user({ active: '0' }), 'invalidValue', '"active" must be true or false'],
    ['active 0', user({ active: 0 }), 'invalidValue', '"active" must be true or false'],
    ['active 1', user({ active: 1 }), 'invalidValue', '"active" must be true or false'],
    ['active null', user({ active: null }), 'invalidValue', '"active" must be true or false, not null'],
    ['active []', user({ active: [] }), 'invalidValue', '"active" must be true or false'],
    ['active [true]', user({ active: [true] }), 'invalidValue', '"active" must be true or false'],
    ['active ""', user({ active: '' }), 'invalidValue', '"active" must be true or false'],
    ['active "yes"', user({ active: 'yes' }), 'invalidValue', '"active" must be true or false'],
    ['name as text', user({ name: 'Barbara' }), 'invalidValue', '"name" must be an object'],
    ['name.givenName a number', user({ name: { givenName: 1 } }), 'invalidValue', '"name.givenName" must be text'],
    [
      'two managers',
      user({ [enterprise]: { manager: [{ value: 'a' }, { value: 'b' }] } }),
      'invalidValue',
      'manager" must be an object',
    ],
    ['emails of numbers', user({ emails: [1] }), 'invalidValue', '"emails" must be an object, not 1'],
    ['an e-mail that is a number', user({ emails: [{ value: 1 }] }), 'invalidValue', '"emails.value" must be text'],
    [
      'primary that is no boolean',
      user({ emails: [{ value: 'a', primary: 'first' }] }),
      'invalidValue',
      '"emails.primary" must be true or false',
    ],
    ['an extension as text', user({ [enterprise]: 'x' }), 'invalidValue', 'must hold an object'],
    ['a certificate that is not base64', user({ x509Certificates: [{ value: '?' }] }), 'invalidValue', 'base64'],
    [
      'a password that is no text',
      user({ password: 123456 }),
      'invalidValue',
      '"password" must be text, not that value',
    ],
    ['schemas as text', user({ schemas: core }), 'invalidSyntax', '"schemas" must be a list'],
    ['schemas of numbers', user({ schemas: [1] }), 'invalidSyntax', '"schemas" must be a list'],
    [
      'the schema of a group',
      user({ schemas: [groupResourceType.schema.id] }),
      'invalidSyntax',
      '/Users takes resources of',
    ],
    ['NUL in text', user({ displayName: 'a\u0000b' }), 'invalidValue', 'cannot be stored'],
    ['half a surrogate pair', user({ displayName: '\ud83d' }), 'invalidValue', 'cannot be stored'],
    ['a number beyond JSON', JSON.parse('{"userName":"u","x":1e999}'), 'invalidValue', 'too large'],
    [
      '65 levels',
      JSON.parse(`{"userName":"u","x":${'['.repeat(64)}${']'.repeat(64)}}`),
      'invalidSyntax',
      'nested deeper',
    ],
  ])('%s', (_, body, scimType, reason) => {
    const error = refusal(() => parseResource(body, userResourceType));
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.detail).toContain(reason);
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__', 'a.__proto__'])(
    'the key %s, at any depth',
    (key) => {
      for (const nest of [
        (inner: string) => `{"userName":"u",${inner}}`,
        (inner: string) => `{"userName":"u","name":{${inner}}}`,
        (inner: string) => `{"userName":"u","emails":[{${inner}}]}`,
        (inner: string) => `{"userName":"u","${enterprise}":{${inner}}}`,
        (inner: string) => `{"userName":"u","unknown":[{"deep":{${inner}}}]}`,
      ]) {
        const body: unknown = JSON.parse(nest(`"${key}":{"polluted":true}`));
        expect(refusal(() => parseResource(body, userResourceType))).toMatchObject({
          status: 400,
          scimType: 'invalidSyntax',
        });
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );
});

describe('a group of a POST or PUT is read', () => {
  const group = (more: object): unknown => ({ schemas: [groupResourceType.schema.id], displayName: 'G', ...more });

  test.each<[string, object, string[] | undefined]>([
    ['no members', {}, undefined],
    ['members null count as absent', { members: null }, undefined],
    ['an explicit empty list', { members: [] }, []],
    ['ids, each once, in order', { members: [{ value: 'b' }, { value: 'a' }, { value: 'b' }] }, ['b', 'a']],
    [
      'display, $ref and type beside the id',
      { members: [{ value: 'a', display: 'A', $ref: null, type: 'User' }] },
      ['a'],
    ],
    ['one object', { members: { value: 'a' } }, ['a']],
    ['bare ids', { members: ['a', 'b'] }, ['a', 'b']],
    ['ids that differ in letter case only are one user', { members: [{ value: 'A' }, { value: 'a' }] }, ['a']],
  ])('%s', (_, sent, expected) => {
    expect(memberIds(parseResource(group(sent), groupResourceType))).toEqual(expected);
  });

  test.each<[string, unknown, string]>([
    ['no displayName', { members: [] }, '"displayName" is required'],
    ['displayName blank', group({ displayName: ' ' }), '"displayName" is required'],
    ['a member id that is a number', group({ members: [{ value: 1 }] }), '"members.value" must be text'],
    ['a member that is a number', group({ members: [1] }), '"members" must be an object'],
  ])('%s is refused', (_, body, reason) => {
    const error = refusal(() => parseResource(body, groupResourceType));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
    expect(error.detail).toContain(reason);
  });

  test('a member without an id is refused', () => {
    const error = refusal(() => parseResource(group({ members: [{ type: 'User' }] }), groupResourceType));
    expect(error.detail).toContain('must have a "value"');
  });

  test('20,000 members are read in linear time', () => {
    const members = Array.from({ length: 20_000 }, (_, at) => ({ value: `id-${at}`, display: `User ${at}` }));
    const started = performance.now();
    expect(memberIds(parseResource(group({ members }), groupResourceType))).toHaveLength(20_000);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('a registered extension is checked like the core', () => {
  const urn = 'urn:example:params:scim:schemas:extension:badge:2.0:User';
  const withBadge: ResourceType = {
    ...userResourceType,
    extensions: [
      ...userResourceType.extensions,
      {
        id: urn,
        name: 'Badge',
        description: 'What the badge office knows.',
        attributes: [
          defineAttribute('number', 'The number.', { type: 'integer', required: true }),
          defineAttribute('issued', 'When it was given out.', { type: 'dateTime' }),
          defineAttribute('doors', 'The doors it opens.', { multiValued: true }),
          defineAttribute('weight', 'In grams.', { type: 'decimal' }),
        ],
      },
    ],
  };

  test('values of every type pass', () => {
    const badge = { number: 7, issued: '2026-01-31T09:30:00+01:00', doors: ['A', 'a', 'B'], weight: 1.5 };
    expect(parseResource(user({ [urn]: badge }), withBadge)).toEqual({
      userName: 'u@x.example',
      [urn]: { ...badge, doors: ['A', 'B'] },
    });
  });

  test.each<[object, string]>([
    [{ issued: '2026-01-31T09:30:00Z' }, 'number" is required'],
    [{ number: 7.5 }, 'number" must be an integer'],
    [{ number: '7' }, 'number" must be an integer'],
    [{ number: 2 ** 60 }, 'number" must be an integer'],
    [{ number: 7, issued: 'yesterday' }, 'issued" must be a time'],
    [{ number: 7, issued: '2026-02-30T00:00:00Z' }, 'issued" must be a time'],
    [{ number: 7, weight: '1' }, 'weight" must be a number'],
    [{ number: 7, doors: [{ value: 'A' }] }, 'doors" must be text'],
  ])('%j is refused', (badge, reason) => {
    expect(refusal(() => parseResource(user({ [urn]: badge }), withBadge)).detail).toContain(reason);
  });
});
