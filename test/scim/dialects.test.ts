import { describe, expect, test } from 'vitest';
import { memberIds, splitGroupPatch } from '../../src/scim/group-members-patch.ts';
import type { JsonObject } from '../../src/scim/json.ts';
import { parseListQuery } from '../../src/scim/list-query.ts';
import { parseResource } from '../../src/scim/parse-resource.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { printFilter } from '../../src/scim/print-filter.ts';
import { schemasOf } from '../../src/scim/resource-schemas.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { enterpriseUserUrn, groupUrn, userUrn } from '../../src/scim/urns.ts';
import { createdUser, ida, patchedGroup, patchedUser, patchUser } from './provider-requests.ts';

/* Requests as the providers send them, cut to what the rule is about; Entra has a file of its own. */

describe('Okta', () => {
  test('repeats the id in the value of a rename', () => {
    const operation = { op: 'replace', value: { id: 'g-1', displayName: 'Pushed' } };
    expect(patchedGroup({ displayName: 'Push' }, operation)).toEqual({
      resource: { displayName: 'Pushed' },
      changed: ['displayName'],
      members: null,
    });
  });

  test('sends the name before every membership change, unchanged', () => {
    const operation = { op: 'replace', value: { id: 'g-1', displayName: 'Push' } };
    expect(patchedGroup({ displayName: 'Push' }, operation).changed).toEqual([]);
  });

  test('takes one member out and another in, by one PATCH', () => {
    expect(
      patchedGroup(
        { displayName: 'Push' },
        { op: 'remove', path: 'members[value eq "u1"]' },
        { op: 'add', path: 'members', value: [{ value: 'u3', display: 'p3@okta.example' }] },
      ).members,
    ).toEqual({ base: 'keep', add: ['u3'], remove: ['u1'] });
  });

  test('pushes the full membership by replace', () => {
    const value = ['u1', 'u2'].map((id) => ({ value: id, display: `${id}@okta.example` }));
    expect(patchedGroup({ displayName: 'Push' }, { op: 'replace', path: 'members', value }).members).toEqual({
      base: 'clear',
      add: ['u1', 'u2'],
      remove: [],
    });
  });

  test('replaces members by PUT', () => {
    const put = parseResource(
      { schemas: [groupUrn], displayName: 'Pushed', members: [{ value: 'u1', display: 'p1@okta.example' }] },
      groupResourceType,
    );
    expect(memberIds(put)).toEqual(['u1']);
  });

  test('creates with a placeholder password and empty groups, and PUTs them back with meta', () => {
    const body = {
      schemas: [userUrn],
      id: 'u-1',
      userName: 'tuva@okta.example',
      groups: [],
      password: 'pl4ceh0lder',
      active: true,
      locale: null,
      meta: { resourceType: 'User' },
    };
    expect(createdUser(body)).toEqual({ userName: 'tuva@okta.example', active: true });
  });

  test('syncs a password by PATCH, which leaves nothing behind', () => {
    expect(patchUser(ida, { op: 'replace', value: { password: 'n3w' } })).toEqual({ resource: ida, changed: [] });
  });

  test('sends custom attributes under a URN of its own, given back and listed in schemas', () => {
    const urn = 'urn:okta:dev_acme_1:2.0:user:custom';
    const created = createdUser({ schemas: [userUrn, urn], userName: 'u', [urn]: { badge: 'B-7' } });
    expect(created).toEqual({ userName: 'u', [urn]: { badge: 'B-7' } });
    expect(schemasOf(created, userResourceType)).toEqual([userUrn, urn]);
    expect(patchedUser(created, { op: 'replace', value: { [urn]: { badge: 'B-8' } } })[urn]).toEqual({ badge: 'B-8' });
  });
});

describe('OneLogin', () => {
  const template: JsonObject = {
    schemas: [userUrn, enterpriseUserUrn],
    id: null,
    userName: 'kaja@onelogin.example',
    active: 'true',
    meta: { resourceType: 'User' },
    [enterpriseUserUrn]: { department: 'Press', manager: { managerId: '', displayName: ' ' } },
  };

  test('fills a template: id null, active quoted, a manager that is none', () => {
    expect(createdUser(template)).toEqual({
      userName: 'kaja@onelogin.example',
      active: true,
      [enterpriseUserUrn]: { department: 'Press' },
    });
  });

  test('calls the id of the manager managerId', () => {
    const manager = { managerId: 'b1', displayName: 'Boss' };
    expect(createdUser({ ...template, [enterpriseUserUrn]: { manager } })[enterpriseUserUrn]).toEqual({
      manager: { value: 'b1' },
    });
    expect(
      patchedUser(ida, { op: 'replace', path: `${enterpriseUserUrn}:manager`, value: manager })[enterpriseUserUrn],
    ).toEqual({ manager: { value: 'b1' } });
  });

  test('sends e-mails as one object', () => {
    const emails = { value: 'k@onelogin.example', type: 'work' };
    expect(createdUser({ ...template, emails })['emails']).toEqual([emails]);
    expect(patchedUser(ida, { op: 'replace', path: 'emails', value: emails })['emails']).toEqual([emails]);
  });

  test('changes memberships as SCIM 1.1 did', () => {
    const members = [{ value: 'a', operation: 'add' }, { value: 'b', operation: 'delete' }, { value: 'c' }];
    const expected = { base: 'keep', add: ['a', 'c'], remove: ['b'] };
    const whole = parsePatchRequest({ schemas: ['urn:scim:schemas:core:1.0'], members }, groupResourceType);
    expect(splitGroupPatch(whole).members).toEqual(expected);
    const more = parsePatchRequest({ members, displayName: 'H', externalId: 'e' }, groupResourceType);
    expect(splitGroupPatch(more)).toEqual({ attributes: [], members: expected });
    for (const op of ['add', 'replace']) {
      expect(patchedGroup({ displayName: 'G' }, { op, value: { members } }).members).toEqual(expected);
    }
  });
});

describe('others', () => {
  test('JumpCloud: members as bare values, removal by a list', () => {
    expect(
      patchedGroup(
        { displayName: 'JC' },
        { op: 'add', path: 'members', value: [{ value: 'a' }] },
        { op: 'remove', path: 'members', value: [{ value: 'b' }] },
      ).members,
    ).toEqual({ base: 'keep', add: ['a'], remove: ['b'] });
  });

  test('Ping: two primary e-mails, the second of them empty', () => {
    const emails = [
      { value: 'liv@ping.example', type: 'work', primary: true },
      { value: '', type: 'other', primary: true },
    ];
    expect(createdUser({ userName: 'liv', emails })['emails']).toEqual([emails[0]]);
  });

  test('Ping: two primary e-mails, both real', () => {
    const emails = [
      { value: 'liv@ping.example', type: 'work', primary: true },
      { value: 'liv2@ping.example', type: 'home', primary: true },
    ];
    expect(createdUser({ userName: 'liv', emails })['emails']).toEqual([emails[0], { ...emails[1], primary: false }]);
  });

  test('Ping: looks up by e-mails without a sub-attribute', () => {
    const query = parseListQuery({ filter: 'emails eq "liv@ping.example"' }, userResourceType, {
      defaultCount: 1,
      maxCount: 1,
    });
    expect(query.filter && printFilter(query.filter)).toBe('emails.value eq "liv@ping.example"');
  });

  test('Google: the SCIM 1 schema beside the SCIM 2 one', () => {
    expect(
      createdUser({ schemas: ['urn:scim:schemas:core:1.0', userUrn], userName: 'eir@gw.example', active: false }),
    ).toEqual({
      userName: 'eir@gw.example',
      active: false,
    });
  });

  test('authentik: id and schemas inside the value, one operation per member', () => {
    const whole = { op: 'replace', value: { schemas: [groupUrn], id: 'g', displayName: 'AK B', externalId: 'akg' } };
    const adds = Array.from({ length: 300 }, (_, at) => ({ op: 'add', path: 'members', value: [{ value: `u${at}` }] }));
    const result = patchedGroup({ displayName: 'AK', externalId: 'akg' }, whole, ...adds);
    expect(result.resource).toEqual({ displayName: 'AK B', externalId: 'akg' });
    expect(result.members?.add).toHaveLength(300);
  });

  test('Keycloak extension: active as lower-case text, e-mails without a type, relative references', () => {
    expect(patchedUser(ida, { op: 'replace', path: 'active', value: 'false' })['active']).toBe(false);
    expect(createdUser({ userName: 'gro', emails: [{ value: 'gro@kc.example' }], roles: [] })).toEqual({
      userName: 'gro',
      emails: [{ value: 'gro@kc.example' }],
    });
    const group = { displayName: 'KC', members: [{ value: 'u1', $ref: 'Users/u1' }] };
    expect(memberIds(parseResource(group, groupResourceType))).toEqual(['u1']);
  });

  test('Keycloak extension: empties a group by a bare remove', () => {
    expect(
      patchedGroup(
        { displayName: 'KC' },
        { op: 'remove', path: 'members' },
        { op: 'replace', path: 'displayName', value: 'KC B' },
      ),
    ).toEqual({
      resource: { displayName: 'KC B' },
      changed: ['displayName'],
      members: { base: 'clear', add: [], remove: [] },
    });
  });

  test('SCIM for Keycloak, old versions: the value as JSON in text', () => {
    expect(patchedUser(ida, { op: 'replace', value: '{"active":"false","name":{"givenName":"I"}}' })).toMatchObject({
      active: false,
      name: { givenName: 'I', familyName: 'Holm' },
    });
    expect(
      patchedGroup({ displayName: 'G' }, { op: 'add', path: 'members', value: '[{"value":"a"}]' }).members,
    ).toEqual({ base: 'keep', add: ['a'], remove: [] });
  });

  test('a sender that Bitwarden met: adds by the path alone', () => {
    expect(patchedGroup({ displayName: 'G' }, { op: 'add', path: 'members[value eq "a"]' }).members?.add).toEqual([
      'a',
    ]);
  });

  test('SailPoint: a replaced complex value is merged', () => {
    expect(patchedUser(ida, { op: 'replace', path: 'name', value: { familyName: 'Berg' } })['name']).toEqual({
      formatted: 'Ida Holm',
      familyName: 'Berg',
      givenName: 'Ida',
    });
  });
});
