import { randomUUID } from 'node:crypto';
import { displayNameOf, type Person } from './directory.ts';
import {
  enterpriseUserUrn,
  findOne,
  groupUrn,
  patched,
  patchOp,
  userUrn,
  type IdentityProvider,
} from './identity-provider.ts';

/** Entra's default job puts several members into one operation; so many is what we have seen in one request. */
const membersPerRequest = 20;

/**
 * Microsoft Entra ID without `aadOptscim062020`: capitalised operations, one with a path for each attribute, booleans
 * as text, nulls on create, managers checked before they are written, members added after the group and removed by a
 * value array, and a hard delete a month after the soft one.
 */
export const entra: IdentityProvider = {
  title: 'Microsoft Entra ID',
  concurrency: 8,
  headers: { accept: 'application/scim+json' },
  contentType: 'application/scim+json',
  deletesUsers: true,

  async testConnection(send) {
    const path = `/Users?${filter('userName', randomUUID())}`;
    await send({ kind: 'test connection', method: 'GET', path, expect: [200] });
  },

  findUser: (send, person) => findOne(send, 'look up user', `/Users?${filter('userName', person.userName)}`),
  createUser: (send, person) =>
    send({ kind: 'create user', method: 'POST', path: '/Users', body: newUser(person), expect: [201] }),
  async updateUser(send, id, person) {
    const body = patchOp([
      replace('displayName', displayNameOf(person)),
      replace('title', person.title),
      replace('emails[type eq "work"].value', person.userName),
      replace('name.givenName', person.givenName),
      replace('name.familyName', person.familyName),
      replace('name.formatted', displayNameOf(person)),
      replace(`${enterpriseUserUrn}:department`, person.department),
      replace('active', 'True'),
      replace('userName', person.userName),
    ]);
    await send({ kind: 'update user', method: 'PATCH', path: `/Users/${id}`, body, expect: patched });
  },
  async setActive(send, id, _, active) {
    const body = patchOp([replace('active', active ? 'True' : 'False')]);
    const kind = active ? 'reactivate user' : 'deactivate user';
    await send({ kind, method: 'PATCH', path: `/Users/${id}`, body, expect: patched });
  },
  async deleteUser(send, id) {
    await send({ kind: 'delete user', method: 'DELETE', path: `/Users/${id}`, expect: [204] });
  },
  async setManager(send, id, managerId) {
    const question = `id eq "${id}" and ${enterpriseUserUrn}:manager eq "${managerId}"`;
    if ((await findOne(send, 'check manager', `/Users?filter=${formEncoded(question)}&attributes=id`)) !== undefined) {
      return;
    }
    const body = patchOp([{ op: 'Add', path: `${enterpriseUserUrn}:manager`, value: managerId }]);
    await send({ kind: 'set manager', method: 'PATCH', path: `/Users/${id}`, body, expect: patched });
  },

  findGroup: (send, group) =>
    findOne(send, 'look up group', `/Groups?excludedAttributes=members&${filter('displayName', group.displayName)}`),
  createGroup: (send, { objectId, displayName }) =>
    send({
      kind: 'create group',
      method: 'POST',
      path: '/Groups',
      body: {
        schemas: [groupUrn, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
        externalId: objectId,
        displayName,
        meta: { resourceType: 'Group' },
      },
      expect: [201],
    }),
  async pushMembers(send, id, group, memberIds) {
    await entra.changeMembers(send, id, group, { add: memberIds, remove: [] });
  },
  async changeMembers(send, id, _, { add, remove }) {
    const path = `/Groups/${id}`;
    for (const batch of batches(add)) {
      const value = batch.map((member) => ({ $ref: null, value: member }));
      const body = patchOp([{ op: 'Add', path: 'members', value }]);
      await send({ kind: 'add members', method: 'PATCH', path, body, expect: patched });
    }
    for (const batch of batches(remove)) {
      const value = batch.map((member) => ({ $ref: null, value: member }));
      const body = patchOp([{ op: 'Remove', path: 'members', value }]);
      await send({ kind: 'remove members', method: 'PATCH', path, body, expect: patched });
    }
  },
};

function newUser(person: Person): object {
  const { objectId, userName, givenName, familyName, title, department, number } = person;
  return {
    schemas: [userUrn, enterpriseUserUrn],
    externalId: objectId,
    userName,
    active: true,
    addresses: null,
    displayName: displayNameOf(person),
    emails: [{ primary: true, type: 'work', value: userName }],
    meta: { resourceType: 'User' },
    name: { formatted: displayNameOf(person), familyName, givenName },
    phoneNumbers: null,
    preferredLanguage: null,
    roles: [],
    title,
    [enterpriseUserUrn]: { department, employeeNumber: String(number) },
  };
}

function replace(path: string, value: string): object {
  return { op: 'Replace', path, value };
}

function filter(attribute: string, value: string): string {
  return `filter=${formEncoded(`${attribute} eq "${value}"`)}`;
}

/** Entra writes blanks in a query as `+`. */
function formEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}

function batches(members: string[]): string[][] {
  return Array.from({ length: Math.ceil(members.length / membersPerRequest) }, (_, index) =>
    members.slice(index * membersPerRequest, (index + 1) * membersPerRequest),
  );
}
