import { expect, test } from 'vitest';
import type { Person, Team } from '../../src/cli/simulate/directory.ts';
import { entra } from '../../src/cli/simulate/entra.ts';
import type { IdentityProvider } from '../../src/cli/simulate/identity-provider.ts';
import { okta } from '../../src/cli/simulate/okta.ts';
import { onelogin } from '../../src/cli/simulate/onelogin.ts';
import type { ScimRequest, SendScim } from '../../src/cli/simulate/scim-client.ts';

const person: Person = {
  objectId: '0f0e0d0c-0b0a-4908-8706-050403020100',
  number: 7,
  userName: 'zoe.weiss@acme.example',
  givenName: 'Zoë',
  familyName: 'Weiß',
  title: 'Counsel',
  department: 'Legal',
};
const group: Team = { objectId: '1f0e0d0c-0b0a-4908-8706-050403020100', displayName: 'Legal & more', members: [] };

/** What a provider sends for one thing that happens; every look-up finds nothing. */
async function sentBy(act: (send: SendScim) => Promise<unknown>): Promise<Omit<ScimRequest, 'kind' | 'expect'>[]> {
  const sent: Omit<ScimRequest, 'kind' | 'expect'>[] = [];
  await act(({ method, path, body, expect: [status = 200] }) => {
    sent.push({ method, path, ...(body === undefined ? {} : { body }) });
    return Promise.resolve({ status, body: { totalResults: 0 } });
  });
  return sent;
}

const operations = (...list: object[]): unknown => ({
  method: 'PATCH',
  body: expect.objectContaining({ Operations: list }) as unknown,
});

test.each<[string, IdentityProvider, string]>([
  ['Okta', okta, '/Users?filter=userName%20eq%20%22zoe.weiss%40acme.example%22&startIndex=1&count=100'],
  ['Entra, with + for blanks', entra, '/Users?filter=userName+eq+%22zoe.weiss%40acme.example%22'],
  ['OneLogin', onelogin, '/Users?filter=userName%20eq%20%22zoe.weiss%40acme.example%22'],
])('%s looks a user up by userName', async (_, provider, path) => {
  expect(await sentBy((send) => provider.findUser(send, person))).toEqual([{ method: 'GET', path }]);
});

test.each<[string, IdentityProvider, object]>([
  ['Okta sends a placeholder password and no groups', okta, { password: 'not-synchronized', groups: [], active: true }],
  [
    'Entra sends nulls, empty roles and its meta',
    entra,
    { title: 'Counsel', addresses: null, roles: [], meta: { resourceType: 'User' } },
  ],
  ['OneLogin sends a null id and text for booleans', onelogin, { id: null, active: 'true' }],
])('creating a user, %s', async (_, provider, body) => {
  const [request] = await sentBy((send) => provider.createUser(send, person));
  expect(request).toMatchObject({
    method: 'POST',
    path: '/Users',
    body: {
      ...body,
      userName: 'zoe.weiss@acme.example',
      emails: [{ value: 'zoe.weiss@acme.example', type: 'work', primary: true }],
    },
  });
});

test.each<[string, IdentityProvider, unknown]>([
  ['Okta by a PATCH without path', okta, operations({ op: 'replace', value: { active: false } })],
  ['Entra by the text False', entra, operations({ op: 'Replace', path: 'active', value: 'False' })],
  [
    'OneLogin by PUT',
    onelogin,
    { method: 'PUT', body: expect.objectContaining({ id: 'u1', active: 'false' }) as unknown },
  ],
])('deactivates: %s', async (_, provider, request) => {
  expect(await sentBy((send) => provider.setActive(send, 'u1', person, false))).toMatchObject([request]);
});

test.each<[string, IdentityProvider, unknown[]]>([
  [
    'Okta names the group, then removes by filter and adds in one request',
    okta,
    [
      operations({ op: 'replace', value: { id: 'g1', displayName: 'Legal & more' } }),
      operations(
        { op: 'remove', path: 'members[value eq "u2"]' },
        { op: 'add', path: 'members', value: [{ value: 'u1' }] },
      ),
    ],
  ],
  [
    'Entra adds and removes by value arrays',
    entra,
    [
      operations({ op: 'Add', path: 'members', value: [{ $ref: null, value: 'u1' }] }),
      operations({ op: 'Remove', path: 'members', value: [{ $ref: null, value: 'u2' }] }),
    ],
  ],
  [
    'OneLogin goes user by user',
    onelogin,
    [
      operations({ op: 'add', path: 'members', value: [{ value: 'u1' }] }),
      operations({ op: 'remove', path: 'members[value eq "u2"]' }),
    ],
  ],
])('changing a membership, %s', async (_, provider, requests) => {
  const sent = await sentBy((send) => provider.changeMembers(send, 'g1', group, { add: ['u1'], remove: ['u2'] }));
  expect(sent).toMatchObject(requests);
});

test('Entra cuts a first push into requests of twenty members', async () => {
  const members = Array.from({ length: 41 }, (_, index) => `u${index}`);
  const sent = await sentBy((send) => entra.pushMembers(send, 'g1', group, members));
  expect(sent.map(({ body }) => (body as { Operations: { value: unknown[] }[] }).Operations[0]?.value.length)).toEqual([
    20, 20, 1,
  ]);
});

test('Okta pushes a membership first as a whole', async () => {
  const sent = await sentBy((send) => okta.pushMembers(send, 'g1', group, ['u1', 'u2']));
  expect(sent.at(-1)).toMatchObject(
    operations({ op: 'replace', path: 'members', value: [{ value: 'u1' }, { value: 'u2' }] }) as object,
  );
});

test('Entra asks whether the manager is set before it sets one', async () => {
  const sent = await sentBy((send) => entra.setManager?.(send, 'u1', 'u2') ?? Promise.resolve());
  expect(sent.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)).toEqual([
    'GET /Users?filter=id+eq+"u1"+and+urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager+eq+"u2"&attributes=id',
    'PATCH /Users/u1',
  ]);
});

test('Okta never deletes a user', async () => {
  expect(okta.deletesUsers).toBe(false);
  await expect(okta.deleteUser(() => Promise.reject(new Error('sent')), 'u1')).rejects.toThrow(
    'Okta never deletes users',
  );
});
