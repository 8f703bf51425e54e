import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/scim/json.ts';
import { parseListQuery } from '../../src/scim/list-query.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { printFilter } from '../../src/scim/print-filter.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { enterpriseUserUrn, groupUrn, userUrn } from '../../src/scim/urns.ts';
import { createdUser, ida, patchedGroup, patchedUser, patchUser } from './provider-requests.ts';

/* Requests as Entra sends them, cut to what the rule is about. */

describe('Entra', () => {
  test('capitalises operations and sends one per attribute', () => {
    expect(
      patchedUser(
        ida,
        { op: 'Replace', path: 'displayName', value: 'Ida Berg' },
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'ida.berg@contoso.example' },
        { op: 'Replace', path: 'name.familyName', value: 'Berg' },
        { op: 'Add', path: 'title', value: 'Planner' },
        { op: 'Add', path: `${enterpriseUserUrn}:department`, value: 'Logistics' },
        { op: 'Remove', path: 'name.formatted' },
      ),
    ).toEqual({
      ...ida,
      displayName: 'Ida Berg',
      emails: [{ primary: true, type: 'work', value: 'ida.berg@contoso.example' }],
      name: { familyName: 'Berg', givenName: 'Ida' },
      title: 'Planner',
      [enterpriseUserUrn]: { department: 'Logistics' },
    });
  });

  test('creates with nulls, empty lists and its own meta', () => {
    expect(
      createdUser({
        schemas: [userUrn, enterpriseUserUrn],
        externalId: 'e-1',
        userName: 'ida@contoso.example',
        active: true,
        addresses: null,
        emails: [{ primary: true, type: 'work', value: 'ida@contoso.example' }],
        meta: { resourceType: 'User' },
        name: {},
        phoneNumbers: null,
        roles: [],
        title: null,
      }),
    ).toEqual({
      externalId: 'e-1',
      userName: 'ida@contoso.example',
      active: true,
      emails: [{ primary: true, type: 'work', value: 'ida@contoso.example' }],
    });
  });

  test.each([
    ['False', false],
    ['True', true],
  ])('writes active as the text %s', (value, expected) => {
    const before = { ...ida, active: !expected };
    expect(patchedUser(before, { op: 'Replace', path: 'active', value })['active']).toBe(expected);
    expect(patchedUser(before, { op: 'replace', value: { active: value } })['active']).toBe(expected);
    expect(createdUser({ ...ida, active: value })['active']).toBe(expected);
  });

  test('writes primary of a chosen element as text', () => {
    const result = patchedUser(ida, { op: 'Replace', path: 'emails[type eq "work"].primary', value: 'False' });
    expect(result['emails']).toEqual([{ primary: false, type: 'work', value: 'ida@contoso.example' }]);
  });

  test('with its flag: dotted and URN keys in a path-less value', () => {
    expect(
      patchedUser(ida, {
        op: 'replace',
        value: {
          displayName: 'Nils Lund',
          'name.givenName': 'Nils Olav',
          'name.familyName': 'Lund',
          [`${enterpriseUserUrn}:employeeNumber`]: '77-B',
          [`${enterpriseUserUrn}:costCenter`]: 'CC9',
        },
      }),
    ).toEqual({
      ...ida,
      displayName: 'Nils Lund',
      name: { formatted: 'Ida Holm', familyName: 'Lund', givenName: 'Nils Olav' },
      [enterpriseUserUrn]: { employeeNumber: '77-B', costCenter: 'CC9' },
    });
  });

  test('adds by filter path to an element that is missing, which then has its type', () => {
    const sparse = { userName: 'sol@contoso.example', active: true };
    expect(
      patchedUser(sparse, { op: 'Add', path: 'emails[type eq "work"].value', value: 'sol@contoso.example' })['emails'],
    ).toEqual([{ type: 'work', value: 'sol@contoso.example' }]);
  });

  test('builds one address by five operations', () => {
    const parts = { streetAddress: 'Kaj 4', locality: 'Bergen', region: 'Vestland', postalCode: '5003', country: 'NO' };
    const operations = Object.entries(parts).map(([part, value]) => ({
      op: 'Add',
      path: `addresses[type eq "work"].${part}`,
      value,
    }));
    expect(patchedUser(ida, ...operations)['addresses']).toEqual([{ type: 'work', ...parts }]);
  });

  test.each<[string, unknown, unknown]>([
    ['as text', 'b2', { manager: { value: 'b2' } }],
    [
      'as a list of one',
      [{ $ref: 'https://x/Users/b2', value: 'b2' }],
      { manager: { $ref: 'https://x/Users/b2', value: 'b2' } },
    ],
    ['as an object', { value: 'b2' }, { manager: { value: 'b2' } }],
    ['cleared by an empty text', '', undefined],
    ['cleared by an empty list', [], undefined],
    ['cleared by an object without id', { value: '' }, undefined],
    ['cleared by an empty object', {}, undefined],
    ['cleared by null', null, undefined],
  ])('sends the manager %s', (_, value, expected) => {
    const before = { ...ida, [enterpriseUserUrn]: { manager: { value: 'b1', $ref: 'https://x/Users/b1' } } };
    const byPath = { op: 'Replace', path: `${enterpriseUserUrn}:manager`, value };
    const inside = { op: 'replace', value: { [enterpriseUserUrn]: { manager: value } } };
    const asKey = { op: 'replace', value: { [`${enterpriseUserUrn}:manager`]: value } };
    for (const operation of [byPath, inside, asKey]) {
      expect(patchedUser(before, operation)[enterpriseUserUrn]).toEqual(expected);
    }
    expect(createdUser({ ...ida, [enterpriseUserUrn]: { manager: value } } as JsonObject)[enterpriseUserUrn]).toEqual(
      expected,
    );
  });

  test('removes the manager, whatever value it repeats', () => {
    const before = { ...ida, [enterpriseUserUrn]: { manager: { value: 'b1' } } };
    expect(patchedUser(before, { op: 'Remove', path: `${enterpriseUserUrn}:manager`, value: 'b1' })).toEqual(ida);
  });

  test('creates groups under the ADSCIM schema beside the core one', () => {
    expect(
      parseResource(
        {
          schemas: [groupUrn, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
          externalId: 'e-4',
          displayName: 'Planners',
          meta: { resourceType: 'Group' },
        },
        groupResourceType,
      ),
    ).toEqual({ externalId: 'e-4', displayName: 'Planners' });
  });

  test('adds members with a null $ref', () => {
    const operation = {
      op: 'Add',
      path: 'members',
      value: [
        { $ref: null, value: 'm2' },
        { $ref: null, value: 'm3' },
      ],
    };
    expect(patchedGroup({ displayName: 'G' }, operation).members).toEqual({
      base: 'keep',
      add: ['m2', 'm3'],
      remove: [],
    });
  });

  test('removes by a list of values: only those', () => {
    const operation = { op: 'Remove', path: 'members', value: [{ $ref: null, value: 'm2' }] };
    expect(patchedGroup({ displayName: 'G' }, operation).members).toEqual({ base: 'keep', add: [], remove: ['m2'] });
  });

  test('with its flag: removes by filter path', () => {
    const operation = { op: 'remove', path: 'members[value eq "m2"]' };
    expect(patchedGroup({ displayName: 'G' }, operation).members).toEqual({ base: 'keep', add: [], remove: ['m2'] });
  });

  test('removes, adds and replaces one attribute in turn', () => {
    expect(
      patchedUser(
        ida,
        { op: 'Remove', path: 'displayName' },
        { op: 'Add', path: 'displayName', value: 'Sol A' },
        { op: 'Replace', path: 'displayName', value: 'Sol B' },
      )['displayName'],
    ).toBe('Sol B');
  });

  test('re-adds what is there: nothing changes', () => {
    expect(
      patchUser(ida, { op: 'Add', path: 'emails[type eq "work"].value', value: 'ida@contoso.example' }).changed,
    ).toEqual([]);
  });

  test('keeps roles as the JSON text that they arrive as', () => {
    const roles = [{ value: '{"id":"18d14569","value":null,"displayName":"User"}' }];
    expect(patchedUser(ida, { op: 'Add', path: 'roles', value: roles })['roles']).toEqual(roles);
  });

  test('its validator sends no operations, which changes nothing', () => {
    expect(patchUser(ida)).toEqual({ resource: ida, changed: [] });
  });

  test.each([
    [
      'emails[type eq "work"].value eq "ida@contoso.example"',
      'emails[type eq "work" and value eq "ida@contoso.example"]',
    ],
    [`id eq "u" and ${enterpriseUserUrn}:manager eq "b"`, `id eq "u" and ${enterpriseUserUrn}:manager.value eq "b"`],
    // An example of the documentation, without quotes.
    ['externalId eq jyoung', 'externalId eq "jyoung"'],
  ])('looks up by %s', (filter, expected) => {
    const query = parseListQuery({ filter, attributes: 'id' }, userResourceType, { defaultCount: 100, maxCount: 200 });
    expect(query.filter && printFilter(query.filter)).toBe(expected);
  });
});
