import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import { includes, parseProjection, project } from '../../src/scim/projection.ts';
import { schemasOf } from '../../src/scim/resource-schemas.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { defineAttribute, type ResourceType } from '../../src/scim/schema.ts';
import { enterpriseUserUrn, userUrn } from '../../src/scim/urns.ts';
import { refusal } from './refusal.ts';

const custom = 'urn:okta:acme:2.0:user:custom';
const user: JsonObject = {
  schemas: [userUrn, enterpriseUserUrn, custom],
  id: 'u1',
  externalId: 'e1',
  userName: 'bjensen',
  password: 'never',
  name: { givenName: 'Barbara', familyName: 'Jensen' },
  emails: [
    { value: 'w@x', type: 'work', primary: true },
    { value: 'h@x', type: 'home' },
  ],
  shoeSize: 42,
  [enterpriseUserUrn]: { department: 'Tours', manager: { value: 'm1', displayName: 'Boss' } },
  [custom]: { badge: 'B' },
  meta: { resourceType: 'User', version: 'W/"1"' },
};
const always = { schemas: user['schemas'], id: 'u1' };
const everything = Object.fromEntries(Object.entries(user).filter(([key]) => key !== 'password'));

function shown(parameters: { attributes?: string; excludedAttributes?: string }): JsonObject {
  return project(user, parseProjection(parameters, userResourceType));
}

describe('which attributes are shown (RFC 7644 section 3.9, RFC 7643 section 7)', () => {
  test.each<[string, Parameters<typeof shown>[0], Record<string, unknown>]>([
    ['by default all but those never returned', {}, everything],
    // RFC 7644 section 3.10.
    [
      'attributes: the URN of the core schema is all of its attributes',
      { attributes: userUrn },
      { ...always, userName: 'bjensen', name: user['name'], emails: user['emails'] },
    ],
    [
      'excludedAttributes: the URN of the core schema is all of its attributes',
      { excludedAttributes: userUrn.toUpperCase() },
      {
        ...always,
        externalId: 'e1',
        shoeSize: 42,
        [enterpriseUserUrn]: user[enterpriseUserUrn],
        [custom]: user[custom],
        meta: user['meta'],
      },
    ],
    ['empty parameters count as none', { attributes: ' , ', excludedAttributes: '' }, everything],
    ['attributes: these, and those always returned', { attributes: 'userName' }, { ...always, userName: 'bjensen' }],
    [
      'in any letter case, with blanks',
      { attributes: ' USERNAME , ExternalID' },
      { ...always, userName: 'bjensen', externalId: 'e1' },
    ],
    ['with the core URN', { attributes: `${userUrn}:userName` }, { ...always, userName: 'bjensen' }],
    ['id alone', { attributes: 'id' }, always],
    ['a sub-attribute', { attributes: 'name.givenName' }, { ...always, name: { givenName: 'Barbara' } }],
    [
      'a sub-attribute of each element',
      { attributes: 'emails.value' },
      { ...always, emails: [{ value: 'w@x' }, { value: 'h@x' }] },
    ],
    ['elements without it are left out', { attributes: 'emails.primary' }, { ...always, emails: [{ primary: true }] }],
    [
      'an attribute wins over its sub-attribute',
      { attributes: 'name,name.givenName' },
      { ...always, name: user['name'] },
    ],
    ['meta by name', { attributes: 'meta.version' }, { ...always, meta: { version: 'W/"1"' } }],
    ['an extension', { attributes: enterpriseUserUrn }, { ...always, [enterpriseUserUrn]: user[enterpriseUserUrn] }],
    [
      'an extension attribute',
      { attributes: `${enterpriseUserUrn}:department` },
      { ...always, [enterpriseUserUrn]: { department: 'Tours' } },
    ],
    [
      'a sub-attribute of one',
      { attributes: `${enterpriseUserUrn}:manager.value` },
      { ...always, [enterpriseUserUrn]: { manager: { value: 'm1' } } },
    ],
    ['an unknown attribute that is kept', { attributes: 'shoeSize' }, { ...always, shoeSize: 42 }],
    ['an unknown extension', { attributes: custom }, { ...always, [custom]: { badge: 'B' } }],
    ['a name of nothing', { attributes: 'foo,__proto__,constructor' }, always],
    ['a password never', { attributes: 'password' }, always],
    [
      'excludedAttributes: all but these',
      { excludedAttributes: 'emails,name,meta,shoeSize' },
      {
        ...always,
        externalId: 'e1',
        userName: 'bjensen',
        [enterpriseUserUrn]: user[enterpriseUserUrn],
        [custom]: user[custom],
      },
    ],
    ['what is always returned cannot be excluded', { excludedAttributes: 'id,schemas' }, everything],
    [
      'a sub-attribute',
      { excludedAttributes: 'emails.type,emails.primary' },
      { ...everything, emails: [{ value: 'w@x' }, { value: 'h@x' }] },
    ],
    [
      'all of a value',
      { excludedAttributes: 'name.givenName,name.familyName' },
      Object.fromEntries(Object.entries(everything).filter(([key]) => key !== 'name')),
    ],
    [
      'an extension',
      { excludedAttributes: enterpriseUserUrn },
      Object.fromEntries(Object.entries(everything).filter(([key]) => key !== enterpriseUserUrn)),
    ],
    [
      'an extension attribute',
      { excludedAttributes: `${enterpriseUserUrn}:manager` },
      { ...everything, [enterpriseUserUrn]: { department: 'Tours' } },
    ],
  ])('%s: %j', (_, parameters, expected) => {
    expect(shown(parameters)).toEqual(expected);
  });

  test('both at once are refused: they exclude each other', () => {
    expect(refusal(() => shown({ attributes: 'id', excludedAttributes: 'name' }))).toMatchObject({
      status: 400,
      scimType: 'invalidValue',
    });
  });

  test('the resource is not changed', () => {
    const before = structuredClone(user);
    shown({ attributes: 'emails.value' });
    expect(user).toEqual(before);
  });

  test('an attribute returned on request only', () => {
    const type: ResourceType = {
      ...userResourceType,
      extensions: [
        {
          id: 'urn:x',
          name: 'X',
          description: 'X.',
          attributes: [
            defineAttribute('secretary', 'S.', { returned: 'request' }),
            defineAttribute('desk', 'D.', { returned: 'always' }),
          ],
        },
      ],
    };
    const resource = { id: 'u', 'urn:x': { secretary: 'S', desk: 'D' } };
    expect(project(resource, parseProjection({}, type))).toEqual({ id: 'u', 'urn:x': { desk: 'D' } });
    expect(project(resource, parseProjection({ attributes: 'urn:x:secretary' }, type))).toEqual(resource);
    expect(project(resource, parseProjection({ excludedAttributes: 'urn:x' }, type))).toEqual({
      id: 'u',
      'urn:x': { desk: 'D' },
    });
  });
});

describe('whether something need be read at all', () => {
  test.each([
    [{}, true],
    [{ excludedAttributes: 'members' }, false],
    [{ excludedAttributes: 'MEMBERS' }, false],
    [{ excludedAttributes: 'members.display' }, true],
    [{ attributes: 'id' }, false],
    [{ attributes: 'id,members' }, true],
    [{ attributes: 'members.value' }, true],
    // RFC 7644 section 3.10: the URN alone is the whole schema.
    [{ attributes: 'urn:ietf:params:scim:schemas:core:2.0:Group' }, true],
    [{ excludedAttributes: 'urn:ietf:params:scim:schemas:core:2.0:Group' }, false],
    [{ attributes: 'urn:ietf:params:scim:schemas:core:2.0:Group:members' }, true],
  ])('%j: %s', (parameters, expected) => {
    expect(includes(parseProjection(parameters, groupResourceType), 'members')).toBe(expected);
  });
});

describe('the schemas of a resource are derived', () => {
  test.each<[JsonObject, string[]]>([
    [{ userName: 'u' }, [userUrn]],
    [{ userName: 'u', [enterpriseUserUrn]: { department: 'D' } }, [userUrn, enterpriseUserUrn]],
    [{ userName: 'u', [enterpriseUserUrn]: {} }, [userUrn]],
    [
      { userName: 'u', [custom]: { badge: 'B' }, [enterpriseUserUrn]: { department: 'D' } },
      [userUrn, enterpriseUserUrn, custom],
    ],
  ])('%j', (resource, expected) => {
    expect(schemasOf(resource, userResourceType)).toEqual(expected);
  });
});
