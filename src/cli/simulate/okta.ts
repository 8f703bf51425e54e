import { displayNameOf, type Person, type Team } from './directory.ts';
import type { SendScim } from './scim-client.ts';
import { findOne, groupUrn, patched, patchOp, userUrn, type IdentityProvider } from './identity-provider.ts';

/**
 * Okta with Group Push: it looks users up before it creates them, updates profiles by reading and putting the whole
 * object, deactivates by a PATCH without path, never deletes users, and sends a name update before it changes a
 * membership.
 */
export const okta: IdentityProvider = {
  title: 'Okta',
  concurrency: 4,
  headers: { 'user-agent': 'Okta SCIM Client 1.0.0', accept: 'application/scim+json', 'accept-charset': 'utf-8' },
  contentType: 'application/scim+json; charset=utf-8',
  deletesUsers: false,

  async testConnection(send) {
    await send({ kind: 'test connection', method: 'GET', path: '/Users?startIndex=1&count=2', expect: [200] });
    await send({ kind: 'test connection', method: 'GET', path: '/Groups?startIndex=1&count=100', expect: [200] });
  },

  findUser: (send, person) => findOne(send, 'look up user', `/Users?${filter('userName', person.userName)}`),
  createUser: (send, person) =>
    send({
      kind: 'create user',
      method: 'POST',
      path: '/Users',
      // Okta fills in a password that nobody uses, unless password sync is on.
      body: { ...profileOf(person), password: 'not-synchronized', active: true },
      expect: [201],
    }),
  async updateUser(send, id, person) {
    await send({ kind: 'read user', method: 'GET', path: `/Users/${id}`, expect: [200] });
    const body = { ...profileOf(person), id, active: true, meta: { resourceType: 'User' } };
    await send({ kind: 'update user', method: 'PUT', path: `/Users/${id}`, body, expect: [200] });
  },
  async setActive(send, id, _, active) {
    const body = patchOp([{ op: 'replace', value: { active } }]);
    const kind = active ? 'reactivate user' : 'deactivate user';
    await send({ kind, method: 'PATCH', path: `/Users/${id}`, body, expect: patched });
  },
  deleteUser: () => Promise.reject(new Error('Okta never deletes users')),

  findGroup: (send, group) => findOne(send, 'look up group', `/Groups?${filter('displayName', group.displayName)}`),
  createGroup: (send, group) =>
    send({
      kind: 'create group',
      method: 'POST',
      path: '/Groups',
      body: { schemas: [groupUrn], displayName: group.displayName, members: [] },
      expect: [201],
    }),
  async pushMembers(send, id, group, memberIds) {
    await sendName(send, id, group);
    const body = patchOp([{ op: 'replace', path: 'members', value: memberIds.map((value) => ({ value })) }]);
    await send({ kind: 'push members', method: 'PATCH', path: `/Groups/${id}`, body, expect: patched });
  },
  async changeMembers(send, id, group, { add, remove }) {
    await sendName(send, id, group);
    const body = patchOp([
      ...remove.map((value) => ({ op: 'remove', path: `members[value eq "${value}"]` })),
      ...(add.length === 0 ? [] : [{ op: 'add', path: 'members', value: add.map((value) => ({ value })) }]),
    ]);
    await send({ kind: 'change members', method: 'PATCH', path: `/Groups/${id}`, body, expect: patched });
  },
};

function profileOf(person: Person): object {
  const { userName, givenName, familyName, title, objectId } = person;
  return {
    schemas: [userUrn],
    userName,
    name: { givenName, familyName },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: displayNameOf(person),
    title,
    locale: 'en-US',
    externalId: `00u${objectId.replaceAll('-', '').slice(0, 17)}`,
    groups: [],
  };
}

/** Before every membership change; the value repeats the group's id, as Okta's does. */
async function sendName(send: SendScim, id: string, group: Team): Promise<void> {
  const body = patchOp([{ op: 'replace', value: { id, displayName: group.displayName } }]);
  await send({ kind: 'name group', method: 'PATCH', path: `/Groups/${id}`, body, expect: patched });
}

function filter(attribute: string, value: string): string {
  return `filter=${encodeURIComponent(`${attribute} eq "${value}"`)}&startIndex=1&count=100`;
}
