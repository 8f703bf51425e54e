/**
 * A1: credentials that are missing, blank, malformed, expired, revoked, of another organization, or in the wrong place.
 * A2: other spellings of an address, with and without a credential.
 * A3: a credential that opens another door.
 */
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokenSecret, hashToken } from '../../../src/provisioning/token-secret.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';
import { startSecondProcess } from '../scim/second-process.ts';
import { openRawClient, type RawClient } from './raw-client.ts';

let service: TestService;
let acme: TestOrganization;
let other: TestOrganization;
let keys: { admin: string; viewer: string };
let raw: RawClient;
const secretName = 'only-acme-knows';

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  other = await service.organization({ name: 'Other' });
  await acme.user('ada@acme.example', { displayName: secretName });
  const createKey = async (role: string) =>
    String((await service.admin('POST', `/organizations/${other.id}/admin-keys`, { name: role, role })).body['key']);
  keys = { admin: await createKey('admin'), viewer: await createKey('viewer') };
  raw = openRawClient(service.url);
});
afterAll(async () => {
  raw.close();
  await service.close();
});

/** A request exactly as it is written. */
const send = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  raw.send({ method, path, headers });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function tokenThat(state: 'expired' | 'revoked'): Promise<string> {
  const { token, hash, prefix, lastFour } = createTokenSecret('rc_scim_');
  expect(hash.equals(hashToken(token))).toBe(true);
  const past = sql`now() - interval '1 second'`;
  await service.db.query(sql`
    INSERT INTO scim_tokens (id, organization_id, token_hash, prefix, last_four, expires_at, revoked_at)
    VALUES (new_id(), ${acme.id}, ${hash}, ${prefix}, ${lastFour}, ${state === 'expired' ? past : sql`NULL`},
      ${state === 'revoked' ? past : sql`NULL`})`);
  return token;
}

describe('A1: the SCIM ingress answers 401 with a challenge and one constant body to', () => {
  const variants: [name: string, headers: () => Record<string, string> | Promise<Record<string, string>>][] = [
    ['no header', () => ({})],
    ['a blank header', () => ({ authorization: '' })],
    ['a scheme alone', () => ({ authorization: 'Bearer' })],
    ['a blank token', () => ({ authorization: 'Bearer    ' })],
    ['a token without a scheme', () => ({ authorization: acme.token })],
    ['Basic', () => ({ authorization: `Basic ${Buffer.from(`:${acme.token}`).toString('base64')}` })],
    ['Digest', () => ({ authorization: `Digest ${acme.token}` })],
    ['two tokens', () => ({ authorization: `Bearer ${acme.token} ${acme.token}` })],
    ['two schemes', () => ({ authorization: `Bearer Bearer ${acme.token}` })],
    ['a list of tokens', () => ({ authorization: `Bearer ${acme.token},${acme.token}` })],
    ['quotes', () => ({ authorization: `Bearer "${acme.token}"` })],
    ['a token that is cut short', () => bearer(acme.token.slice(0, -1))],
    ['a token that goes on', () => bearer(`${acme.token}0`)],
    ['a token in another case', () => bearer(acme.token.toUpperCase())],
    ['a prefix and the last four', () => bearer(`${acme.token.slice(0, 12)}${acme.token.slice(-4)}`)],
    ['the hash of the token', () => bearer(hashToken(acme.token).toString('hex'))],
    ['a token that was never issued', () => bearer(createTokenSecret('rc_scim_').token)],
    ['an expired token', async () => bearer(await tokenThat('expired'))],
    ['a revoked token', async () => bearer(await tokenThat('revoked'))],
    ['a token of another organization', () => bearer(other.token)],
    ['SQL', () => bearer("'OR'1'='1")],
    ['a pattern', () => bearer('rc_scim_%')],
    ['a NUL, encoded', () => bearer(`${acme.token}%00`)],
    ['8 kB', () => bearer('x'.repeat(8_000))],
    ['a cookie', () => ({ cookie: `token=${acme.token}; authorization=Bearer ${acme.token}` })],
    [
      'another header',
      () => ({ 'x-authorization': `Bearer ${acme.token}`, 'proxy-authorization': `Bearer ${acme.token}` }),
    ],
  ];
  const requests: [method: string, path: string][] = [
    ['GET', '/Users'],
    ['GET', '/ServiceProviderConfig'],
    ['POST', '/Bulk'],
    ['DELETE', '/Groups/x'],
  ];

  test.each(variants)('%s', async (name, headersOf) => {
    for (const [method, path] of requests) {
      const answer = await send(`/api/v1/scim/${acme.id}/v2${path}`, await headersOf(), method);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="SCIM"/);
      expect(answer.headers['content-type']).toContain('application/scim+json');
      const constant = await send(`/api/v1/scim/${acme.id}/v2/Users`);
      expect(answer.text, name).toBe(constant.text);
    }
  });

  test.each(['access_token', 'token', 'bearer_token', 'authorization', 'api_key'])(
    'the query %s',
    async (parameter) => {
      const answer = await send(`/api/v1/scim/${acme.id}/v2/Users?${parameter}=${acme.token}`);
      expect(answer.status).toBe(401);
      // RFC 6750 section 2.3: a token in an address ends up in logs. Not in ours.
      expect(service.logLines.join('')).not.toContain(acme.token);
    },
  );
});

describe('A2: another spelling of an address never shows data', () => {
  const spellings = (id: string, foreignId: string): string[] => [
    `/api/v1/scim/${id}/v2/%55sers`,
    `/api/v1/scim/${id}/v2/%2555sers`,
    `/api/v1/scim/${id}/v2%2FUsers`,
    `/api/v1/scim/${id}%2Fv2/Users`,
    `/api/v1/scim/${id}/v2/users`,
    `/api/v1/scim/${id}/v2/USERS`,
    `/api/v1/scim/${id}/V2/Users`,
    `/api/v1/scim/${id}/v1/Users`,
    `/api/v1/scim/${id}/v2/Users;x`,
    `/api/v1/scim/${id}/v2;x/Users`,
    `/api/v1/scim/${id};x/v2/Users`,
    `/api/v1/scim/${id}/v2//Users`,
    `/api/v1/scim/${id}//v2/Users`,
    `/api/v1/scim//${id}/v2/Users`,
    `/api//v1/scim/${id}/v2/Users`,
    `//api/v1/scim/${id}/v2/Users`,
    `/api/v1/scim/./${id}/v2/Users`,
    `/api/v1/scim/${id}/v2/./Users`,
    `/api/v1/scim/${id}/v2/x/../Users`,
    `/api/v1/scim/${id}/v2/%2e%2e/v2/Users`,
    `/api/v1/scim/${id}/v2/..%2fv2%2fUsers`,
    `/api/v1/scim/${foreignId}/v2/../../${id}/v2/Users`,
    `/api/v1/scim/${foreignId}/v2/%2e%2e/%2e%2e/${id}/v2/Users`,
    `/api/v1/scim/${foreignId}%2Fv2%2F..%2F..%2F${id}/v2/Users`,
    `/api/v1/organizations/../scim/${id}/v2/Users`,
    `/api/v1/%73cim/${id}/v2/Users`,
    `/API/V1/SCIM/${id}/v2/Users`,
    `/api/v1/scim/${id.toUpperCase()}/v2/Users`,
    `/api/v1/scim/${id}/v2/Users/.search`,
    `/api/v1/scim/${id}/v2/Users%00`,
    `/api/v1/scim/${id}/v2/Users\\`,
    `/api/v1/scim/${id}/v2/Users?/../Groups`,
    `/api/v1/scim/{${id}}/v2/Users`,
    `/api/v1/scim/${id.replaceAll('-', '')}/v2/Users`,
    `http://elsewhere.example/api/v1/scim/${id}/v2/Users`,
  ];

  test('without a token: 401 or 404, each of 36', async () => {
    for (const path of spellings(acme.id, other.id)) {
      const answer = await send(path);
      expect([401, 404], `${path}: ${answer.text}`).toContain(answer.status);
      expect(answer.text, path).not.toContain(secretName);
    }
  });

  test('with the token of another organization: nothing of this one', async () => {
    for (const path of spellings(acme.id, other.id)) {
      const answer = await send(path, bearer(other.token));
      expect(answer.text, path).not.toContain(secretName);
      expect([400, 401, 404], `${path}: ${answer.text}`).toContain(answer.status);
    }
  });

  test.each(['admin', 'viewer'] as const)(
    'with the %s key of another organization: nothing of this one',
    async (role) => {
      const paths = [
        `/api/v1/organizations/${acme.id}/users`,
        `/api/v1/organizations/${acme.id.toUpperCase()}/users`,
        `/api/v1/organizations/${other.id}/../${acme.id}/users`,
        `/api/v1/organizations/${other.id}/%2e%2e/${acme.id}/users`,
        `/api/v1/organizations/${other.id}%2F..%2F${acme.id}/users`,
        `/api/v1/organizations/${other.id}%00${acme.id}/users`,
        `/api/v1/organizations//${acme.id}/users`,
        `/api/v1/Organizations/${acme.id}/Users`,
        `/api/v1/organizations/${acme.id}%20/users`,
        `/api/v1/organizations/${other.id}/users?organizationId=${acme.id}`,
        `/api/v1/organizations?organizationId=${acme.id}`,
        `/api/v1/organizations?only=${acme.id}`,
        `/api/v1/organizations?cursor=${acme.id}`,
        `/api/v1/jobs?organizationId=${acme.id}`,
      ];
      for (const path of paths) {
        const answer = await send(path, bearer(keys[role]));
        expect(answer.text, path).not.toContain(secretName);
        expect(answer.text, path).not.toContain('"Acme"');
        expect(answer.status, path).toBeLessThan(500);
      }
    },
  );
});

describe('A3: a credential opens its own door only', () => {
  async function cookieOf(adminKey: string): Promise<string> {
    const response = await fetch(`${service.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ adminKey }),
    });
    return (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  }
  const valueOf = (cookie: string) => cookie.split('=')[1] ?? '';
  const scimPath = () => `/api/v1/scim/${acme.id}/v2/Users`;
  const adminPath = () => `/api/v1/organizations/${acme.id}`;

  test.each<[string, () => string, () => Record<string, string> | Promise<Record<string, string>>]>([
    ['the platform key on SCIM', scimPath, () => bearer(service.adminKey)],
    ['an admin key of the organization on SCIM', () => `/api/v1/scim/${other.id}/v2/Users`, () => bearer(keys.admin)],
    ['a SCIM token on the admin API', adminPath, () => bearer(acme.token)],
    ['the cookie of the console on SCIM', scimPath, async () => ({ cookie: await cookieOf(service.adminKey) })],
    [
      'the cookie of an organization on its own SCIM',
      () => `/api/v1/scim/${other.id}/v2/Users`,
      async () => ({ cookie: await cookieOf(keys.admin) }),
    ],
    ['the cookie as a SCIM token', scimPath, async () => bearer(valueOf(await cookieOf(service.adminKey)))],
    ['the cookie as an admin key', adminPath, async () => bearer(valueOf(await cookieOf(service.adminKey)))],
    ['a SCIM token as the cookie', adminPath, () => ({ cookie: `rollcall-session=${acme.token}` })],
    ['the platform key as the cookie', adminPath, () => ({ cookie: `rollcall-session=${service.adminKey}` })],
    [
      'the cookie of an organization at /queues',
      () => '/queues/api/queues',
      async () => ({ cookie: await cookieOf(keys.admin) }),
    ],
    ['a SCIM token at /queues', () => '/queues/api/queues', () => bearer(acme.token)],
    ['an admin key of an organization at /queues', () => '/queues/api/queues', () => bearer(keys.admin)],
  ])('%s is 401', async (_, path, headers) => {
    expect((await send(path(), await headers())).status).toBe(401);
  });

  test('a SCIM token signs nobody in', async () => {
    expect(await cookieOf(acme.token)).toBe('');
  });

  test('the cookie is good at its own doors, so the tests above say something', async () => {
    const headers = { cookie: await cookieOf(service.adminKey) };
    expect((await send('/queues/api/queues', headers)).status).toBe(200);
    expect((await send(adminPath(), headers)).status).toBe(200);
  });
});

test('I12: after a revocation is answered, no try succeeds on any of two processes', async () => {
  const leaver = await service.organization({ name: 'Leaver' });
  const second = await startSecondProcess(service);
  try {
    const onFirst = () => leaver.scim('GET', '/Users?count=0');
    const onSecond = () => second.fetch(leaver, '/Users?count=0');
    expect([(await onFirst()).status, (await onSecond()).status]).toEqual([200, 200]);
    const { body } = await service.admin<{ items: { id: string }[] }>('GET', `/organizations/${leaver.id}/scim-tokens`);
    const path = `/organizations/${leaver.id}/scim-tokens/${body.items[0]?.id ?? ''}`;
    expect((await service.admin('DELETE', path)).status).toBe(204);
    for (let round = 0; round < 50; round += 1) {
      const tries = Array.from({ length: 10 }, async () => [(await onFirst()).status, (await onSecond()).status]);
      expect(new Set((await Promise.all(tries)).flat())).toEqual(new Set([401]));
    }
  } finally {
    await second.close();
  }
});
