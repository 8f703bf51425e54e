/**
 * A6: names that every JavaScript object answers to, as path, as key, at any depth.
 * A7: attributes that only the service sets.
 * A8: `active` as anything but true and false.
 * I13: nothing that a payload carries raises a role or opens a workspace.
 */
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type Answer, type TestOrganization, type TestService } from '../../support/service.ts';

const patch = (...Operations: unknown[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});

let service: TestService;
let acme: TestOrganization;
let userId: string;
let groupId: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  userId = await acme.user('ada@acme.example', { displayName: 'Ada' });
  groupId = await acme.group('Engineering', [userId]);
  await service.quiet();
});
afterAll(() => service.close());

const stored = () =>
  service.db.query(sql`
    SELECT (SELECT jsonb_agg(u ORDER BY id) FROM users u) AS users, (SELECT jsonb_agg(g ORDER BY id) FROM groups g) AS groups,
      (SELECT jsonb_agg(m ORDER BY group_id, user_id) FROM group_members m) AS members`);

/** What a prototype would give to every object of the process. */
function expectCleanPrototypes(): void {
  expect(Object.getOwnPropertyNames({})).toEqual([]);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  expect(Object.hasOwn(Array.prototype, 'polluted')).toBe(false);
}

describe('A6: a reserved name is 400 and pollutes nothing', () => {
  const paths = [
    '__proto__',
    '__proto__.polluted',
    '__proto__.polluted.more',
    '__proto__[a eq 1].polluted',
    '__proto__[polluted eq "x"]',
    'constructor',
    'constructor.prototype',
    'constructor.prototype.polluted',
    'prototype.polluted',
    'toString',
    'toString.polluted',
    'valueOf.polluted',
    'hasOwnProperty',
    'isPrototypeOf.polluted',
    '__defineGetter__.polluted',
    '__lookupSetter__',
    'name.__proto__',
    'name.__proto__.polluted',
    'name.constructor',
    'name.constructor.prototype.polluted',
    'emails[type eq "work"].__proto__',
    'emails[__proto__ eq "work"].value',
    'emails[type eq "work"].constructor.prototype',
    'emails.__proto__.polluted',
    'members[__proto__ eq "x"]',
    'urn:ietf:params:scim:schemas:core:2.0:User:__proto__',
    'urn:ietf:params:scim:schemas:core:2.0:User:__proto__.polluted',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:__proto__.polluted',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.__proto__',
    'urn:example:custom:__proto__.polluted',
  ];

  test.each(paths)('PATCH path %s', async (path) => {
    const before = await stored();
    for (const op of ['add', 'replace', 'remove']) {
      const operation = { op, path, ...(op === 'remove' ? {} : { value: { polluted: 'yes' } }) };
      for (const resource of [`/Users/${userId}`, `/Groups/${groupId}`]) {
        const { status, body } = await acme.scim('PATCH', resource, patch(operation));
        expect(status, `${op} ${path}: ${JSON.stringify(body)}`).toBe(400);
        expect(['invalidPath', 'invalidFilter', 'invalidValue', 'invalidSyntax', 'noTarget']).toContain(
          body['scimType'],
        );
      }
    }
    expectCleanPrototypes();
    expect(await stored()).toEqual(before);
  });

  // As text: an object literal would set the prototype instead of the key.
  const values = [
    '{"__proto__":{"polluted":"yes"}}',
    '{"__proto__.polluted":"yes"}',
    '{"constructor.prototype.polluted":"yes"}',
    '{"constructor":{"prototype":{"polluted":"yes"}}}',
    '{"toString":"yes"}',
    '{"toString.polluted":"yes"}',
    '{"name":{"__proto__":{"polluted":"yes"}}}',
    '{"name.__proto__.polluted":"yes"}',
    '{"name":{"constructor":{"prototype":{"polluted":"yes"}}}}',
    '{"emails":[{"__proto__":{"polluted":"yes"},"value":"a@acme.example"}]}',
    '{"emails[type eq \\"work\\"].__proto__":"yes"}',
    '{"urn:example:custom":{"__proto__":{"polluted":"yes"}}}',
    '{"urn:example:custom":{"deep":{"deeper":{"__proto__":{"polluted":"yes"}}}}}',
    '{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"__proto__":{"polluted":"yes"}}}',
    '{"custom":{"a":[{"b":[{"__proto__":1}]}]}}',
    '{"\\u005f_proto__":{"polluted":"yes"}}',
  ];

  test.each(values)('the key of a value: %s', async (value) => {
    const before = await stored();
    const bodies: [method: string, path: string, body: string][] = [
      ['PATCH', `/Users/${userId}`, JSON.stringify(patch({ op: 'add', value: 'VALUE' })).replace('"VALUE"', value)],
      [
        'PATCH',
        `/Users/${userId}`,
        JSON.stringify(patch({ op: 'replace', path: 'name', value: 'VALUE' })).replace('"VALUE"', value),
      ],
      ['POST', '/Users', `{"userName":"new@acme.example",${value.slice(1)}`],
      ['PUT', `/Users/${userId}`, `{"userName":"ada@acme.example",${value.slice(1)}`],
      ['POST', '/Groups', `{"displayName":"New",${value.slice(1)}`],
    ];
    for (const [method, path, text] of bodies) {
      // In a whole resource a dotted key is a name like any other, and kept; a reserved one never is.
      const { status, body } = await acme.scim(method, path, text);
      expect(status, `${method} ${text}: ${JSON.stringify(body)}`).toBe(400);
    }
    expectCleanPrototypes();
    expect(await stored()).toEqual(before);
  });
});

describe('A7: what only the service sets', () => {
  const attributes: [path: string, value: unknown][] = [
    ['id', '01900000-0000-7000-8000-000000000000'],
    ['ID', 'x'],
    ['meta', { version: 'W/"99"' }],
    ['meta.created', '2000-01-01T00:00:00Z'],
    ['meta.location', 'https://elsewhere.example'],
    ['groups', [{ value: 'x' }]],
    ['groups.value', 'x'],
    ['groups[value eq "x"]', { value: 'x' }],
    ['urn:ietf:params:scim:schemas:core:2.0:User:id', 'x'],
    ['urn:ietf:params:scim:schemas:core:2.0:User:groups', []],
  ];

  test.each(attributes)('PATCH of %s is refused, by any operation', async (path, value) => {
    const before = await stored();
    for (const op of ['add', 'replace', 'remove', 'Replace']) {
      const operation = { op, path, ...(op === 'remove' ? {} : { value }) };
      const { status, body } = await acme.scim('PATCH', `/Users/${userId}`, patch(operation));
      expect(status, `${op}: ${JSON.stringify(body)}`).toBe(400);
      expect(body['scimType']).toBe('mutability');
    }
    expect(await stored()).toEqual(before);
  });

  test('inside a whole resource they are passed over', async () => {
    const id = '01900000-0000-7000-8000-00000000abcd';
    const created = await acme.scim('POST', '/Users', {
      id,
      userName: 'whole@acme.example',
      meta: { created: '2000-01-01T00:00:00Z', version: 'x', location: 'https://elsewhere.example' },
      groups: [{ value: groupId }],
    });
    expect(created.status).toBe(201);
    expect(created.body['id']).not.toBe(id);
    expect(created.body['groups'] ?? []).toEqual([]);
    expect(JSON.stringify(created.body['meta'])).not.toMatch(/2000-01-01|elsewhere/);
  });
});

describe('A8: active', () => {
  const wrong = [
    '"0"',
    '"1"',
    '"yes"',
    '"no"',
    '"on"',
    '""',
    '" "',
    '"null"',
    '"truth"',
    '0',
    '1',
    '-1',
    '1.5',
    'null',
    '[]',
    '[true]',
    '{}',
    '{"value":true}',
  ];
  const right: [sent: string, active: boolean][] = [
    ['"False"', false],
    ['"false"', false],
    ['"FALSE"', false],
    ['"true"', true],
    ['"True"', true],
    ['true', true],
    ['false', false],
  ];
  const writes: [name: string, send: (value: string) => Promise<Answer>][] = [
    [
      'PATCH with a path',
      (value) =>
        acme.scim(
          'PATCH',
          `/Users/${userId}`,
          `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":${value}}]}`,
        ),
    ],
    [
      'PATCH without a path',
      (value) =>
        acme.scim(
          'PATCH',
          `/Users/${userId}`,
          `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"active":${value}}}]}`,
        ),
    ],
    ['PUT', (value) => acme.scim('PUT', `/Users/${userId}`, `{"userName":"ada@acme.example","active":${value}}`)],
  ];
  const isActive = async () =>
    (await service.db.query<{ active: boolean }>(sql`SELECT active FROM users WHERE id = ${userId}`))[0]?.active;

  test.each(writes.flatMap(([how, send]) => wrong.map((value) => ({ how, send, value }))))(
    '$value by $how never makes a leaver active',
    async ({ send, value }) => {
      await acme.scim('PATCH', `/Users/${userId}`, patch({ op: 'replace', path: 'active', value: false }));
      const { status, body } = await send(value);
      expect(await isActive()).toBe(false);
      expect({ status, scimType: body['scimType'] }).toEqual({ status: 400, scimType: 'invalidValue' });
    },
  );

  test.each(writes.flatMap(([how, send]) => right.map(([value, active]) => ({ how, send, value, active }))))(
    '$value by $how is $active',
    async ({ send, value, active }) => {
      const { status } = await send(value);
      expect([200, 204]).toContain(status);
      expect(await isActive()).toBe(active);
    },
  );
});

describe('I13: a payload never elevates', () => {
  const claims: [name: string, value: unknown][] = [
    ['roles', [{ value: 'admin', primary: true }]],
    ['roles', 'admin'],
    ['role', 'admin'],
    ['entitlements', [{ value: 'admin' }]],
    ['isAdmin', true],
    ['admin', true],
    ['userType', 'admin'],
    ['groups', [{ value: 'x', display: 'Admins' }]],
    ['managed_by', 'manual'],
    ['managedBy', 'manual'],
    ['organizationId', '01900000-0000-7000-8000-000000000000'],
    ['organization_id', '01900000-0000-7000-8000-000000000000'],
    ['workspaces', [{ id: 'x', origin: 'manual' }]],
    ['password', 'correct horse battery staple'],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
      { organization: 'x', role: 'admin', department: 'admin' },
    ],
    ['urn:example:rollcall', { role: 'admin', workspaces: ['x'] }],
  ];

  test.each(claims)('%s: %j', async (name, value) => {
    const userName = `claim-${Math.random().toString(36).slice(2)}@acme.example`;
    const created = await acme.scim('POST', '/Users', { userName, [name]: value });
    if (created.status !== 201) expect(created.status).toBe(400);
    const id = created.status === 201 ? String(created.body['id']) : await acme.user(userName);
    await acme.scim('PATCH', `/Users/${id}`, patch({ op: 'add', value: { [name]: value } }));
    await acme.scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: name, value }));
    await acme.scim('PATCH', `/Groups/${groupId}`, patch({ op: 'add', path: 'members', value: [{ value: id }] }));
    await service.quiet();
    const access = await service.admin(`GET`, `/organizations/${acme.id}/users/${id}/access`);
    expect(access.body).toMatchObject({ role: 'viewer', workspaces: [] });
    const [row] = await service.db.query<{ text: string; managedBy: string }>(
      sql`SELECT to_jsonb(u)::text AS text, managed_by AS "managedBy" FROM users u WHERE id = ${id}`,
    );
    expect(row?.managedBy).toBe('directory');
    expect(row?.text).not.toContain('correct horse');
  });
});
