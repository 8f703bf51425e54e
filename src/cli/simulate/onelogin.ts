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

/**
 * OneLogin: bodies from its JSON template (a null id, quoted booleans, a manager without content), plain JSON both
 * ways, updates and suspension by PUT, groups read before they are used.
 */
export const onelogin: IdentityProvider = {
  title: 'OneLogin',
  concurrency: 4,
  headers: { accept: 'application/json' },
  contentType: 'application/json',
  deletesUsers: true,

  async testConnection(send) {
    const path = `/Users?${filter('userName', 'nobody-has-this-name')}`;
    await send({ kind: 'test connection', method: 'GET', path, expect: [200, 404] });
    await send({ kind: 'refresh entitlements', method: 'GET', path: '/Groups', expect: [200] });
  },

  findUser: (send, person) => findOne(send, 'look up user', `/Users?${filter('userName', person.userName)}`),
  createUser: (send, person) =>
    send({ kind: 'create user', method: 'POST', path: '/Users', body: templateOf(person, null, true), expect: [201] }),
  async updateUser(send, id, person) {
    const body = templateOf(person, id, true);
    await send({ kind: 'update user', method: 'PUT', path: `/Users/${id}`, body, expect: [200] });
  },
  async setActive(send, id, person, active) {
    const body = templateOf(person, id, active);
    const kind = active ? 'reactivate user' : 'deactivate user';
    await send({ kind, method: 'PUT', path: `/Users/${id}`, body, expect: [200] });
  },
  async deleteUser(send, id) {
    await send({ kind: 'delete user', method: 'DELETE', path: `/Users/${id}`, expect: [204] });
  },

  findGroup: (send, group) => findOne(send, 'look up group', `/Groups?${filter('displayName', group.displayName)}`),
  createGroup: (send, { displayName }) =>
    send({
      kind: 'create group',
      method: 'POST',
      path: '/Groups',
      body: { schemas: [groupUrn], displayName },
      expect: [201],
    }),
  async pushMembers(send, id, group, memberIds) {
    await onelogin.changeMembers(send, id, group, { add: memberIds, remove: [] });
  },
  // Rules of OneLogin work through one user after the other.
  async changeMembers(send, id, _, { add, remove }) {
    const path = `/Groups/${id}`;
    for (const value of add) {
      const body = patchOp([{ op: 'add', path: 'members', value: [{ value }] }]);
      await send({ kind: 'add member', method: 'PATCH', path, body, expect: patched });
    }
    for (const value of remove) {
      const body = patchOp([{ op: 'remove', path: `members[value eq "${value}"]` }]);
      await send({ kind: 'remove member', method: 'PATCH', path, body, expect: patched });
    }
  },
};

function templateOf(person: Person, id: string | null, active: boolean): object {
  const { userName, givenName, familyName, department, title, number } = person;
  return {
    schemas: [userUrn, enterpriseUserUrn],
    id,
    externalId: String(100_000_000 + number),
    userName,
    name: { familyName, givenName, formatted: displayNameOf(person) },
    displayName: displayNameOf(person),
    title,
    emails: [{ value: userName, type: 'work', primary: true }],
    active: String(active),
    meta: { resourceType: 'User' },
    [enterpriseUserUrn]: { department, manager: { managerId: '', displayName: ' ' } },
  };
}

function filter(attribute: string, value: string): string {
  return `filter=${encodeURIComponent(`${attribute} eq "${value}"`)}`;
}
