import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

const patch = (...operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});
const unknownId = '01900000-0000-7000-8000-000000000000';

let service: TestService;
let organization: TestOrganization;
let foreign: { organization: TestOrganization; userId: string };
let userId: string;
let groupId: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  organization = await service.organization();
  userId = await organization.user('ada@acme.example');
  await organization.user('bob@acme.example');
  groupId = await organization.group('Engineering', [userId]);
  const other = await service.organization({ name: 'Other' });
  foreign = { organization: other, userId: await other.user('eve@other.example') };
  await service.quiet();
});
afterAll(() => service.close());

/** Everything that a refused request could have changed. */
async function state(): Promise<unknown> {
  return service.db.query(sql`
    SELECT (SELECT jsonb_agg(u ORDER BY id) FROM users u) AS users, (SELECT jsonb_agg(g ORDER BY id) FROM groups g) AS groups,
      (SELECT jsonb_agg(m ORDER BY group_id, user_id) FROM group_members m) AS members,
      (SELECT count(*) FROM sync_jobs) AS jobs`);
}

async function failedEntries(): Promise<{ action: string; message: string; resourceId: string | null }[]> {
  return service.db.query(sql`
    SELECT action, message, resource_id AS "resourceId" FROM sync_logs
    WHERE organization_id = ${organization.id} AND status = 'FAILED' ORDER BY id DESC`);
}

interface Case {
  name: string;
  method: string;
  path: () => string;
  body?: unknown;
  headers?: Record<string, string>;
  status: number;
  scimType?: string;
  detail: RegExp;
}

const users = () => '/Users';
const user = () => `/Users/${userId}`;
const group = () => `/Groups/${groupId}`;

describe('a refused SCIM write answers a SCIM error, changes nothing, and leaves one FAILED entry', () => {
  test.each<Case>([
    // RFC 7644 section 3.12: the request body message structure was invalid.
    {
      name: 'a body that is no object',
      method: 'POST',
      path: users,
      body: [],
      status: 400,
      scimType: 'invalidSyntax',
      detail: /object/,
    },
    {
      name: 'a missing userName',
      method: 'POST',
      path: users,
      body: { displayName: 'X' },
      status: 400,
      scimType: 'invalidValue',
      detail: /userName/,
    },
    {
      name: 'a userName that is no email',
      method: 'POST',
      path: users,
      body: { userName: 'ada' },
      status: 400,
      scimType: 'invalidValue',
      detail: /"ada" is not one/,
    },
    {
      name: 'an email without a domain',
      method: 'POST',
      path: users,
      body: { userName: 'ada@acme' },
      status: 400,
      scimType: 'invalidValue',
      detail: /email address/,
    },
    // RFC 7644 section 3.3: a resource that exists already is a conflict.
    {
      name: 'a userName that is taken',
      method: 'POST',
      path: users,
      body: { userName: 'ada@acme.example' },
      status: 409,
      scimType: 'uniqueness',
      detail: /already in use; it may belong to a user of another organization/,
    },
    {
      name: 'a userName that is taken in other letter case',
      method: 'POST',
      path: users,
      body: { userName: 'ADA@acme.example' },
      status: 409,
      scimType: 'uniqueness',
      detail: /already in use/,
    },
    {
      name: 'a userName of another organization',
      method: 'POST',
      path: users,
      body: { userName: 'eve@other.example' },
      status: 409,
      scimType: 'uniqueness',
      detail: /already in use/,
    },
    {
      name: 'a rename to a taken userName',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'replace', path: 'userName', value: 'bob@acme.example' }),
      status: 409,
      scimType: 'uniqueness',
      detail: /already in use/,
    },
    {
      name: 'a PUT with a taken userName',
      method: 'PUT',
      path: user,
      body: { userName: 'bob@acme.example' },
      status: 409,
      scimType: 'uniqueness',
      detail: /already in use/,
    },
    // RFC 7644 section 3.5.2: a readOnly attribute cannot be changed.
    {
      name: 'a PATCH of id',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'replace', path: 'id', value: unknownId }),
      status: 400,
      scimType: 'mutability',
      detail: /id/,
    },
    {
      name: 'a PATCH of meta',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'replace', path: 'meta.created', value: '2020-01-01T00:00:00Z' }),
      status: 400,
      scimType: 'mutability',
      detail: /meta/,
    },
    {
      name: 'a PATCH of groups',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'add', path: 'groups', value: [{ value: unknownId }] }),
      status: 400,
      scimType: 'mutability',
      detail: /groups/,
    },
    {
      name: 'active as the text "0"',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'replace', path: 'active', value: '0' }),
      status: 400,
      scimType: 'invalidValue',
      detail: /active/,
    },
    {
      name: 'active as null',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'replace', path: 'active', value: null }),
      status: 400,
      scimType: 'invalidValue',
      detail: /active/,
    },
    {
      name: 'a prototype as a path',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'add', path: '__proto__.polluted', value: true }),
      status: 400,
      scimType: 'invalidPath',
      detail: /__proto__/,
    },
    {
      name: 'a bad operation after a good one',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'replace', path: 'title', value: 'Boss' }, { op: 'replace', path: 'active', value: [] }),
      status: 400,
      scimType: 'invalidValue',
      detail: /active/,
    },
    {
      name: 'an unknown member on create',
      method: 'POST',
      path: () => '/Groups',
      body: { displayName: 'New', members: [{ value: unknownId }] },
      status: 400,
      scimType: 'invalidValue',
      detail: new RegExp(unknownId),
    },
    {
      name: 'an unknown member added by PATCH',
      method: 'PATCH',
      path: group,
      body: patch({ op: 'add', path: 'members', value: [{ value: unknownId }] }),
      status: 400,
      scimType: 'invalidValue',
      detail: new RegExp(unknownId),
    },
    {
      name: 'a member that is no id at all',
      method: 'PATCH',
      path: group,
      body: patch({ op: 'add', path: 'members', value: [{ value: 'nobody' }] }),
      status: 400,
      scimType: 'invalidValue',
      detail: /nobody/,
    },
    {
      name: 'an unknown member in a PUT',
      method: 'PUT',
      path: group,
      body: { displayName: 'Engineering', members: [{ value: unknownId }] },
      status: 400,
      scimType: 'invalidValue',
      detail: new RegExp(unknownId),
    },
    {
      name: 'a group without a name',
      method: 'POST',
      path: () => '/Groups',
      body: { displayName: ' ' },
      status: 400,
      scimType: 'invalidValue',
      detail: /displayName/,
    },
    {
      name: 'an update of an unknown user',
      method: 'PUT',
      path: () => `/Users/${unknownId}`,
      body: { userName: 'x@acme.example' },
      status: 404,
      detail: /no user/,
    },
    {
      name: 'a delete of an unknown user',
      method: 'DELETE',
      path: () => `/Users/${unknownId}`,
      status: 404,
      detail: /no user/,
    },
    {
      name: 'a PATCH of an unknown group',
      method: 'PATCH',
      path: () => `/Groups/${unknownId}`,
      body: patch({ op: 'add', path: 'members', value: [] }),
      status: 404,
      detail: /no group/,
    },
    {
      name: 'a delete by something that is no id',
      method: 'DELETE',
      path: () => '/Groups/42',
      status: 404,
      detail: /no group/,
    },
    {
      name: 'an externalId that no index could hold',
      method: 'POST',
      path: users,
      body: { userName: 'long@acme.example', externalId: 'x'.repeat(8_000) },
      status: 400,
      scimType: 'invalidValue',
      detail: /externalId must be at most/,
    },
    {
      name: 'an address that no index could hold',
      method: 'PATCH',
      path: user,
      body: patch({ op: 'add', path: 'emails', value: [{ value: `${'x'.repeat(8_000)}@acme.example`, type: 'home' }] }),
      status: 400,
      scimType: 'invalidValue',
      detail: /emails/,
    },
    {
      name: 'a delete with a stale If-Match',
      method: 'DELETE',
      path: user,
      headers: { 'if-match': 'W/"999"' },
      status: 412,
      detail: /changed since/,
    },
    {
      name: 'a delete of a group with a stale If-Match',
      method: 'DELETE',
      path: group,
      headers: { 'if-match': 'W/"999"' },
      status: 412,
      detail: /changed since/,
    },
    {
      name: 'parameters that exclude each other',
      method: 'PUT',
      path: () => `${user()}?attributes=userName&excludedAttributes=groups`,
      body: { userName: 'ada@acme.example' },
      status: 400,
      scimType: 'invalidValue',
      detail: /excludedAttributes/,
    },
    {
      name: 'an id that holds a NUL',
      method: 'DELETE',
      path: () => '/Users/a%00b',
      status: 404,
      detail: /no user/,
    },
    // RFC 7644 section 3.14
    {
      name: 'a stale If-Match',
      method: 'PUT',
      path: user,
      body: { userName: 'ada@acme.example', title: 'New' },
      headers: { 'if-match': 'W/"999"' },
      status: 412,
      detail: /changed since/,
    },
  ])('$name', async ({ method, path, body, headers, status, scimType, detail }) => {
    const before = await state();
    const entriesBefore = (await failedEntries()).length;
    const answer = await organization.scim(method, path(), body, headers);

    expect(answer.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      ...(scimType === undefined ? {} : { scimType }),
      detail: expect.stringMatching(detail) as string,
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/scim+json');
    expect(await state()).toEqual(before);
    const entries = await failedEntries();
    expect(entries.length).toBe(entriesBefore + 1);
    expect(entries[0]?.message).toContain(String(answer.body['detail']).replaceAll('\0', '\u{fffd}'));
  });

  test('a member of another organization is refused like an unknown one', async () => {
    const add = (value: string) =>
      organization.scim('PATCH', group(), patch({ op: 'add', path: 'members', value: [{ value }] }));
    const [ofOther, ofNobody] = [await add(foreign.userId), await add(unknownId)];
    expect(ofOther.status).toBe(400);
    expect(JSON.stringify(ofOther.body).replace(foreign.userId, unknownId)).toBe(JSON.stringify(ofNobody.body));
  });

  test('a userName taken here and one taken elsewhere cannot be told apart', async () => {
    const post = (userName: string) => organization.scim('POST', '/Users', { userName });
    expect((await post('bob@acme.example')).body).toEqual((await post('eve@other.example')).body);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'])(
    '%s of a resource of another organization answers as an unknown one',
    async (method) => {
      const body =
        method === 'PUT'
          ? { userName: 'x@acme.example' }
          : method === 'PATCH'
            ? patch({ op: 'replace', path: 'title', value: 'x' })
            : undefined;
      const ofOther = await organization.scim(method, `/Users/${foreign.userId}`, body);
      const ofNobody = await organization.scim(method, `/Users/${unknownId}`, body);
      expect(ofOther.status).toBe(404);
      expect(JSON.stringify(ofOther.body).replace(foreign.userId, unknownId)).toBe(JSON.stringify(ofNobody.body));
    },
  );
});

describe('a request that cannot be read', () => {
  test.each([
    { name: 'malformed JSON', body: '{"userName": ', headers: {}, status: 400, scimType: 'invalidSyntax' },
    {
      name: 'trailing bytes',
      body: '{"userName":"x@acme.example"}}',
      headers: {},
      status: 400,
      scimType: 'invalidSyntax',
    },
    { name: 'XML', body: '<user/>', headers: { 'content-type': 'application/xml' }, status: 415, scimType: undefined },
    {
      name: 'a form',
      body: 'userName=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      status: 415,
      scimType: undefined,
    },
    {
      name: 'Latin-1',
      body: '{}',
      headers: { 'content-type': 'application/scim+json; charset=iso-8859-1' },
      status: 415,
      scimType: undefined,
    },
    { name: 'no body', body: undefined, headers: {}, status: 400, scimType: 'invalidSyntax' },
    {
      name: 'nesting beyond 64 levels',
      body: `{"userName":"x@acme.example","a":${'['.repeat(70)}${']'.repeat(70)}}`,
      headers: {},
      status: 400,
      scimType: 'invalidSyntax',
    },
    {
      name: 'a reserved key',
      body: '{"userName":"x@acme.example","__proto__":{"admin":true}}',
      headers: {},
      status: 400,
      scimType: 'invalidSyntax',
    },
  ])('$name answers $status', async ({ body, headers, status, scimType }) => {
    const before = await state();
    const entriesBefore = (await failedEntries()).length;
    const answer = await organization.scim('POST', '/Users', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body['scimType']).toBe(scimType);
    expect(answer.body['status']).toBe(String(status));
    expect(await state()).toEqual(before);
    const entries = await failedEntries();
    expect(entries.length).toBe(entriesBefore + 1);
    expect(entries[0]?.action).toBe('CREATE');
    expect(entries[0]?.message).toContain(answer.body['detail']);
  });

  test('invalid UTF-8 is refused, not repaired', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"userName":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('@acme.example"}'),
    ]);
    const answer = await fetch(`${organization.baseUrl}/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${organization.token}`, 'content-type': 'application/scim+json' },
      body: bytes,
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      scimType: 'invalidSyntax',
      detail: expect.stringContaining('UTF-8') as string,
    });
  });

  test('a body over the limit answers 413', async () => {
    const answer = await organization.scim('POST', '/Users', {
      userName: 'x@acme.example',
      nickName: 'x'.repeat(9_000_000),
    });
    expect(answer.status).toBe(413);
  });
});

describe('a request without a valid token of this organization answers 401 with one constant body', () => {
  test.each<{ name: string; headers: () => Record<string, string>; path?: string }>([
    { name: 'no header', headers: () => ({}) },
    { name: 'a blank token', headers: () => ({ authorization: 'Bearer ' }) },
    { name: 'another scheme', headers: () => ({ authorization: `Basic ${organization.token}` }) },
    { name: 'a token that was never issued', headers: () => ({ authorization: 'Bearer rc_scim_nonsense' }) },
    {
      name: 'a token of another organization',
      headers: () => ({ authorization: `Bearer ${foreign.organization.token}` }),
    },
    { name: 'the admin key', headers: () => ({ authorization: `Bearer ${service.adminKey}` }) },
    { name: 'the token in the query', headers: () => ({}), path: '/Users?access_token=' },
    { name: 'an endpoint that does not exist', headers: () => ({}), path: '/Nonsense' },
    { name: 'a percent-encoded endpoint', headers: () => ({}), path: '/%55sers' },
    { name: 'the service provider configuration', headers: () => ({}), path: '/ServiceProviderConfig' },
  ])('$name', async ({ headers, path = '/Users' }) => {
    const suffix = path.endsWith('=') ? organization.token : '';
    const answer = await fetch(`${organization.baseUrl}${path}${suffix}`, { headers: headers() });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    const plain = await fetch(`${organization.baseUrl}/Users`);
    expect(await answer.text()).toBe(await plain.text());
  });

  test('the SCIM token does not open the admin API', async () => {
    const answer = await fetch(`${service.url}/api/v1/organizations`, {
      headers: { authorization: `Bearer ${organization.token}` },
    });
    expect(answer.status).toBe(401);
  });
});

describe('an endpoint that is not there', () => {
  test.each([
    ['GET', '/Nonsense', 404],
    ['POST', '/Users/abc', 405],
    ['DELETE', '/Users', 405],
    ['PUT', '/ServiceProviderConfig', 405],
    ['GET', '/Me', 501],
    ['GET', '/users', 404],
    ['GET', '/Users/%zz', 404],
  ])('%s %s answers a SCIM error %i', async (method, path, status) => {
    const answer = await organization.scim(method, path);
    expect(answer.status).toBe(status);
    expect(answer.body['status']).toBe(String(status));
    expect(answer.body['schemas']).toEqual(['urn:ietf:params:scim:api:messages:2.0:Error']);
  });
});

test('active: "False" deactivates, as Entra sends it', async () => {
  const id = await organization.user('entra@acme.example');
  const answer = await organization.scim(
    'PATCH',
    `/Users/${id}`,
    patch({ op: 'Replace', path: 'active', value: 'False' }),
  );
  expect(answer.body['active']).toBe(false);
});

test('nothing secret is logged', () => {
  const lines = service.logLines.join('\n');
  for (const secret of [organization.token, foreign.organization.token, service.adminKey])
    expect(lines).not.toContain(secret);
});
