import { describe, expect, test } from 'vitest';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { refusal } from './refusal.ts';

const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const body = (...Operations: unknown[]): unknown => ({ schemas: [patchOp], Operations });

describe('a PATCH that is no PATCH is refused', () => {
  test.each<[string, unknown, string, string]>([
    ['a body that is a list', [], 'invalidSyntax', 'JSON object'],
    ['no Operations', { schemas: [patchOp] }, 'invalidSyntax', '"Operations"'],
    ['Operations that is an object', { schemas: [patchOp], Operations: {} }, 'invalidSyntax', '"Operations"'],
    ['another schema', { schemas: ['urn:x'], Operations: [] }, 'invalidSyntax', patchOp],
    // RFC 7644 section 3.5.2.
    ['schemas as text', { schemas: patchOp, Operations: [] }, 'invalidSyntax', '"schemas" of a PATCH must be a list'],
    ['members of a user without Operations', { members: [], active: 'False' }, 'invalidSyntax', '"Operations"'],
    ['an operation that is text', body('add'), 'invalidSyntax', 'must be an object'],
    ['no op', body({ path: 'title', value: 'x' }), 'invalidSyntax', '"op" must be'],
    ['an unknown op', body({ op: 'move', path: 'title' }), 'invalidSyntax', '"op" must be'],
    ['a path that is a number', body({ op: 'add', path: 1, value: 'x' }), 'invalidPath', '"path" must be text'],
    // RFC 7644 section 3.5.2.2.
    ['remove without a path', body({ op: 'remove' }), 'noTarget', 'needs a "path"'],
    [
      'remove without a path, with a value',
      body({ op: 'remove', value: { title: 'x' } }),
      'noTarget',
      'needs a "path"',
    ],
    ['add without path and value', body({ op: 'add' }), 'invalidValue', 'an object of attributes'],
    ['add of text without a path', body({ op: 'add', value: 'x' }), 'invalidValue', 'an object of attributes'],
    ['add of a list without a path', body({ op: 'add', value: [] }), 'invalidValue', 'an object of attributes'],
    ['add without a value', body({ op: 'add', path: 'title' }), 'invalidValue', 'needs a "value"'],
    ['replace without a value', body({ op: 'replace', path: 'emails' }), 'invalidValue', 'needs a "value"'],
    // Paths.
    ['a path with two dots', body({ op: 'add', path: 'name..givenName', value: 'x' }), 'invalidPath', 'is not a path'],
    ['a path that ends in a dot', body({ op: 'add', path: 'name.', value: 'x' }), 'invalidPath', 'is not a path'],
    [
      'brackets after an unknown attribute',
      body({ op: 'add', path: 'foo[a eq 1].x', value: 'x' }),
      'invalidPath',
      'not an attribute of User',
    ],
    [
      'brackets after a single value',
      body({ op: 'add', path: 'name[givenName eq "x"]', value: {} }),
      'invalidPath',
      'not a list',
    ],
    [
      'brackets after a sub-attribute',
      body({ op: 'add', path: 'emails.value[type eq "x"]', value: 'x' }),
      'invalidPath',
      'not a list',
    ],
    [
      'text after brackets',
      body({ op: 'add', path: 'emails[type eq "x"]value', value: 'x' }),
      'invalidPath',
      'is not a path',
    ],
    [
      'an unknown sub-attribute after brackets',
      body({ op: 'add', path: 'emails[type eq "x"].foo', value: 'x' }),
      'invalidPath',
      'no sub-attribute',
    ],
    ['brackets that do not close', body({ op: 'add', path: 'emails[type eq "x"', value: 'x' }), 'invalidFilter', '"]"'],
    [
      'an unknown attribute in brackets',
      body({ op: 'add', path: 'emails[foo eq "x"].value', value: 'x' }),
      'invalidFilter',
      'no sub-attribute',
    ],
    // Types.
    [
      'a wrong type',
      body({ op: 'replace', path: 'displayName', value: 7 }),
      'invalidValue',
      '"displayName" must be text',
    ],
    [
      'a wrong type of a sub-attribute',
      body({ op: 'replace', path: 'name.givenName', value: {} }),
      'invalidValue',
      '"name.givenName" must be text',
    ],
    [
      'a wrong type of a chosen sub-attribute',
      body({ op: 'add', path: 'emails[type eq "work"].primary', value: 'no' }),
      'invalidValue',
      '"emails.primary" must be true or false',
    ],
    [
      'a wrong type in a path-less value',
      body({ op: 'replace', value: { displayName: [], userName: 1 } }),
      'invalidValue',
      '"userName" must be text',
    ],
    ['an empty userName', body({ op: 'replace', path: 'userName', value: ' ' }), 'invalidValue', 'must not be empty'],
    ['no userName', body({ op: 'replace', path: 'userName', value: null }), 'invalidValue', 'must have a value'],
    [
      'text for an extension',
      body({ op: 'add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User', value: 'x' }),
      'invalidValue',
      'takes an object',
    ],
    // RFC 7644 section 3.5.2: readOnly.
    ['the id', body({ op: 'replace', path: 'id', value: 'x' }), 'mutability', '"id" is read-only'],
    ['meta', body({ op: 'remove', path: 'meta' }), 'mutability', '"meta" is read-only'],
    [
      'a part of meta',
      body({ op: 'replace', path: 'meta.created', value: 'x' }),
      'mutability',
      '"meta.created" is read-only',
    ],
    [
      'groups of a user',
      body({ op: 'add', path: 'groups', value: [{ value: 'g' }] }),
      'mutability',
      '"groups" is read-only',
    ],
    [
      'chosen groups of a user',
      body({ op: 'remove', path: 'groups[value eq "g"]' }),
      'mutability',
      '"groups" is read-only',
    ],
    [
      "the manager's name",
      body({
        op: 'replace',
        path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName',
        value: 'x',
      }),
      'mutability',
      'is read-only',
    ],
  ])('%s', (_, sent, scimType, reason) => {
    const error = refusal(() => parsePatchRequest(sent, userResourceType));
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.detail).toContain(reason);
  });

  // SCIM 1.1 section 3.3.2; RFC 7644 section 3.5.2 for a body that says it is a PatchOp.
  test('members without Operations in a body that says it is a PatchOp', () => {
    const error = refusal(() => parsePatchRequest({ schemas: [patchOp], members: [] }, groupResourceType));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidSyntax' });
  });

  test.each(['"0"', '0', '1', 'null', '[]', '""', '"yes"', '{}', '[false]'])('active as %s', (text) => {
    const value: unknown = JSON.parse(text);
    for (const operation of [
      { op: 'replace', path: 'active', value },
      { op: 'add', path: 'active', value },
      { op: 'replace', value: { active: value } },
      { op: 'add', value: { 'urn:ietf:params:scim:schemas:core:2.0:User:active': value } },
    ]) {
      const error = refusal(() => parsePatchRequest(body(operation), userResourceType));
      expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
      expect(error.detail).toContain('"active" must be true or false');
      if (text === '[]') expect(error.detail).toContain('not an empty list');
    }
  });
});

describe('no key or path reaches a prototype', () => {
  const paths = [
    '__proto__.x',
    'constructor.prototype.x',
    'toString.x',
    '__proto__[a eq 1].x',
    '__proto__',
    'name.__proto__',
    'name.constructor.prototype',
    'emails[type eq "work"].__proto__',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:__proto__.x',
    'urn:ietf:params:scim:schemas:core:2.0:User:constructor',
    'urn:x:__proto__:polluted',
    'valueOf',
  ];

  test.each(paths)('%s as a path is refused with invalidPath', (path) => {
    for (const op of ['add', 'replace', 'remove']) {
      const error = refusal(() => parsePatchRequest(body({ op, path, value: 'x' }), userResourceType));
      expect(error).toMatchObject({ status: 400, scimType: 'invalidPath' });
    }
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test.each(paths)('%s as a key of a path-less value is refused with invalidPath', (key) => {
    const value: unknown = JSON.parse(`{${JSON.stringify(key)}: {"x": "polluted"}}`);
    const error = refusal(() => parsePatchRequest(body({ op: 'add', value }), userResourceType));
    expect(error).toMatchObject({ status: 400, scimType: 'invalidPath' });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('nor one that hides in text', () => {
    const value = '{"__proto__":{"x":"polluted"},"name":{"givenName":"G"}}';
    expect(refusal(() => parsePatchRequest(body({ op: 'add', value }), userResourceType))).toMatchObject({
      scimType: 'invalidPath',
    });
  });
});

describe('the message itself is read with tolerance', () => {
  test('an empty list of operations asks for nothing', () => {
    expect(parsePatchRequest(body(), userResourceType)).toEqual([]);
  });

  test('names of members are taken in any letter case, and schemas may be missing', () => {
    const parsed = parsePatchRequest({ operations: [{ OP: 'ADD', Path: 'TITLE', Value: 'x' }] }, userResourceType);
    expect(parsed).toMatchObject([
      { op: 'add', path: { kind: 'attribute', attribute: { definition: { name: 'title' } } }, value: 'x' },
    ]);
  });

  test('an empty path counts as none', () => {
    expect(parsePatchRequest(body({ op: 'add', path: '', value: { title: 'x' } }), userResourceType)).toHaveLength(1);
  });

  test('an operation on schemas is passed over: what a resource holds is derived', () => {
    expect(parsePatchRequest(body({ op: 'add', path: 'schemas', value: ['urn:x'] }), groupResourceType)).toEqual([]);
  });

  test('a password is checked and thrown away', () => {
    expect(parsePatchRequest(body({ op: 'replace', value: { password: 's' } }), userResourceType)).toEqual([]);
    expect(
      refusal(() => parsePatchRequest(body({ op: 'replace', path: 'password', value: 1 }), userResourceType)).detail,
    ).not.toContain('1');
  });
});
