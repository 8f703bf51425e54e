import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { problem } from '../../../src/contract/problem.ts';
import { sessionEndpoints, type SessionAnswer } from '../../../src/contract/session.ts';
import { authenticateSession, signIn } from '../../../src/provisioning/console-sessions.ts';
import { hashAdminKey } from '../../../src/platform/admin-key.ts';
import { hashToken } from '../../../src/provisioning/token-secret.ts';
import { readyOrganization, unique } from '../admin/fixtures.ts';
import { adminKey, startAdminApi, type AdminApi } from '../admin/start-admin-api.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

async function post(key: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${api.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ adminKey: key }),
  });
  const setCookie = response.headers.get('set-cookie');
  return { status: response.status, body: (await response.json()) as SessionAnswer, setCookie, response };
}

async function cookieOf(key: string): Promise<string> {
  const { setCookie } = await post(key);
  return setCookie?.split(';', 1)[0] ?? '';
}

const byCookie = (cookie: string, method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  fetch(`${api.url}/api/v1${path}`, {
    method,
    headers: { cookie, ...headers },
    ...(body === undefined ? {} : { body }),
  });

async function organizationKey(role: 'admin' | 'viewer') {
  const { organizationId } = await readyOrganization(api);
  const params = { organizationId };
  const key = await api.call('createAdminKey', { params, body: { name: unique('Ops'), role } });
  return { organizationId, params, ...key };
}

describe('signing in', () => {
  test('with the platform key gives a cookie for this host alone and no script', async () => {
    const { status, body, setCookie } = await post(adminKey);
    expect(status).toBe(200);
    expect(sessionEndpoints.createSession.answer.parse(body)).toEqual(body);
    expect(body).toMatchObject({ scope: 'platform', role: 'admin', organization: null, keyName: 'Platform admin' });
    const lasts = Date.parse(body.expiresAt ?? '') - Date.now();
    expect(lasts / 3_600_000).toBeCloseTo(12, 1);
    expect(setCookie).toMatch(
      /^rollcall-session=rc_session_\w{49}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  test.each(['admin', 'viewer'] as const)('with a key of the role %s says whose it is, and is logged', async (role) => {
    const key = await organizationKey(role);
    const { body, setCookie } = await post(key.key);
    expect(body).toMatchObject({ scope: 'organization', role, organization: { id: key.organizationId } });
    expect(body.keyName).toBe(key.name);
    const { items } = await api.call('listSyncLogs', { params: key.params, query: { action: 'CONSOLE_SIGN_IN' } });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ status: 'SUCCESS', resource: { type: 'AdminKey', id: key.id, name: key.name } });
    const cookie = setCookie?.split(';', 1)[0] ?? '';
    const asked = await byCookie(cookie, 'GET', '/session');
    expect(await asked.json()).toEqual(body);
  });

  test.each([
    ['a wrong key', `${adminKey}x`, 401],
    ['a key of another kind', `rc_scim_${'a'.repeat(49)}`, 401],
    ['no key', '', 400],
    ['a text of any length', 'x'.repeat(501), 400],
  ])('with %s gives nothing', async (_, key, status) => {
    const answer = await post(key);
    expect(answer.status).toBe(status);
    expect(answer.setCookie).toBeNull();
  });

  test.each(['https://elsewhere.example', 'null', 'http://evil.127.0.0.1'])(
    'from a page of %s is 403',
    async (origin) => {
      const answer = await post(adminKey, { origin });
      expect([answer.status, answer.setCookie]).toEqual([403, null]);
    },
  );

  test('as a form is 415', async () => {
    const answer = await post(adminKey, { 'Content-Type': 'application/x-www-form-urlencoded' });
    expect([answer.status, answer.setCookie]).toEqual([415, null]);
  });

  test('again ends the session that the browser had before', async () => {
    const first = await cookieOf(adminKey);
    const { setCookie } = await post(adminKey, { cookie: first });
    expect((await byCookie(first, 'GET', '/session')).status).toBe(401);
    expect((await byCookie(setCookie?.split(';', 1)[0] ?? '', 'GET', '/session')).status).toBe(200);
  });

  test('stores neither the cookie nor anything of the platform key', async () => {
    const value = (await cookieOf(adminKey)).split('=')[1] ?? '';
    const [row] = await api.db.query<{ hex: string }>(sql`
      SELECT string_agg(to_jsonb(s)::text, '') AS hex FROM console_sessions s WHERE token_hash = ${hashToken(value)}`);
    for (const secret of [value, hashAdminKey(adminKey).toString('hex')]) expect(row?.hex).not.toContain(secret);
  });

  test('clears away what has expired, and keeps no more than 200 sessions of a key', async () => {
    const key = await organizationKey('viewer');
    await api.db.query(sql`
      INSERT INTO console_sessions (id, token_hash, admin_key_id, created_at, last_used_at, expires_at)
      SELECT new_id(), sha256(int4send(n)), ${key.id}, now(), now(), now() + interval '1 h' * sign(n - 50)
      FROM generate_series(1, 300) n WHERE n <> 50`);
    await post(key.key);
    // What expired and what was too much are both judged by the rows before the sign-in.
    await post(key.key);
    const [row] = await api.db.query<{ all: number; expired: number }>(sql`
      SELECT count(*) AS all, count(*) FILTER (WHERE expires_at < now()) AS expired FROM console_sessions
      WHERE admin_key_id = ${key.id}`);
    expect(row).toEqual({ all: 200, expired: 0 });
  });
});

describe('a session', () => {
  test('opens what its key opens, and no other organization', async () => {
    const key = await organizationKey('admin');
    const other = await readyOrganization(api);
    const cookie = await cookieOf(key.key);
    expect((await byCookie(cookie, 'GET', `/organizations/${key.organizationId}`)).status).toBe(200);
    expect((await byCookie(cookie, 'GET', `/organizations/${other.organizationId}`)).status).toBe(404);
  });

  test('of a viewer reads and changes nothing', async () => {
    const key = await organizationKey('viewer');
    const path = `/organizations/${key.organizationId}/workspaces`;
    const cookie = await cookieOf(key.key);
    const headers = { origin: api.url, 'content-type': 'application/json' };
    expect((await byCookie(cookie, 'GET', path)).status).toBe(200);
    expect((await byCookie(cookie, 'POST', path, headers, '{"name":"x"}')).status).toBe(403);
  });

  test('acts under the name of its key in the log', async () => {
    const key = await organizationKey('admin');
    const headers = { origin: api.url, 'content-type': 'application/json' };
    const path = `/organizations/${key.organizationId}/workspaces`;
    expect((await byCookie(await cookieOf(key.key), 'POST', path, headers, '{"name":"x"}')).status).toBe(201);
    const { items } = await api.call('listSyncLogs', { params: key.params, query: { action: 'CREATE_WORKSPACE' } });
    expect(items[0]?.actor).toEqual({ type: 'admin', id: key.id, name: key.name });
  });

  type Ending = (session: { cookie: string; key: Awaited<ReturnType<typeof organizationKey>> }) => Promise<unknown>;
  const age = (cookie: string, column: ReturnType<typeof sql>) =>
    api.db.query(
      sql`UPDATE console_sessions SET ${column} WHERE token_hash = ${hashToken(cookie.split('=')[1] ?? '')}`,
    );
  test.each<[string, Ending]>([
    ['signing out', ({ cookie }) => byCookie(cookie, 'DELETE', '/session', { origin: api.url })],
    [
      'revoking its key',
      ({ key }) => api.call('revokeAdminKey', { params: { organizationId: key.organizationId, keyId: key.id } }),
    ],
    ['twelve hours', ({ cookie }) => age(cookie, sql`expires_at = now()`)],
    ['two hours without a request', ({ cookie }) => age(cookie, sql`last_used_at = now() - interval '2 hours'`)],
    [
      'deleting its organization',
      ({ key }) => api.db.query(sql`DELETE FROM organizations WHERE id = ${key.organizationId}`),
    ],
  ])('ends by %s', async (_, end) => {
    const key = await organizationKey('admin');
    const cookie = await cookieOf(key.key);
    expect((await byCookie(cookie, 'GET', '/session')).status).toBe(200);
    await end({ cookie, key });
    const over = await byCookie(cookie, 'GET', '/session');
    expect(over.status).toBe(401);
    expect(problem.parse(await over.json()).code).toBe('session-ended');
  });

  test('ends when the platform gets another key', async () => {
    const platformKeyHash = hashAdminKey('one');
    const { cookie } = await signIn(api.db, { adminKey: 'one', platformKeyHash, previous: undefined, requestId: null });
    await expect(authenticateSession(api.db, { cookie, platformKeyHash })).resolves.toMatchObject({
      caller: { role: 'platform' },
    });
    await expect(authenticateSession(api.db, { cookie, platformKeyHash: hashAdminKey('two') })).rejects.toMatchObject({
      code: 'session-ended',
    });
  });

  test('is written to once a minute at most, not with each request', async () => {
    const cookie = await cookieOf(adminKey);
    const lastUsed = async () => {
      const [row] = await api.db.query<{ at: Date; version: string }>(sql`
        SELECT last_used_at AS at, xmin::text AS version FROM console_sessions
        WHERE token_hash = ${hashToken(cookie.split('=')[1] ?? '')}`);
      return row;
    };
    const before = await lastUsed();
    for (let n = 0; n < 5; n += 1) await byCookie(cookie, 'GET', '/session');
    expect(await lastUsed()).toEqual(before);
    await age(cookie, sql`last_used_at = now() - interval '61 seconds'`);
    await byCookie(cookie, 'GET', '/session');
    expect(Number((await lastUsed())?.at)).toBeGreaterThan(Number(before?.at));
  });

  test('signing out takes the cookie away', async () => {
    const answer = await byCookie(await cookieOf(adminKey), 'DELETE', '/session', { origin: api.url });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toBe('rollcall-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict');
  });

  test('a bearer key goes before the cookie, also a wrong one', async () => {
    const cookie = await cookieOf(adminKey);
    expect((await byCookie(cookie, 'GET', '/session', { authorization: 'Bearer wrong' })).status).toBe(401);
    const answer = await byCookie(cookie, 'GET', '/session', { authorization: `Bearer ${adminKey}` });
    expect(await answer.json()).toMatchObject({ scope: 'platform', expiresAt: null });
  });
});

describe('A16: a write by cookie', () => {
  const json = { 'content-type': 'application/json' };
  test.each<[name: string, headers: () => Record<string, string>]>([
    ['without an origin', () => json],
    ['from another site', () => ({ ...json, origin: 'https://elsewhere.example' })],
    ['from another port', () => ({ ...json, origin: 'http://127.0.0.1:1' })],
    ['from a longer domain', () => ({ ...json, origin: `${api.url}.elsewhere.example` })],
    ['from a sandboxed page', () => ({ ...json, origin: 'null' })],
    ['from here as text/plain', () => ({ 'content-type': 'text/plain', origin: api.url })],
    [
      'from here as text that mentions JSON',
      () => ({ 'content-type': 'text/plain; application/json', origin: api.url }),
    ],
    ['from here as a form', () => ({ 'content-type': 'application/x-www-form-urlencoded', origin: api.url })],
    ['from here as a form with files', () => ({ 'content-type': 'multipart/form-data; boundary=x', origin: api.url })],
  ])('%s is 403 and changes nothing', async (_, headers) => {
    const { organizationId, key } = await organizationKey('admin');
    const cookie = await cookieOf(key);
    const requests: [method: string, path: string, body?: string][] = [
      ['POST', `/organizations/${organizationId}/workspaces`, '{"name":"Theirs"}'],
      ['PATCH', `/organizations/${organizationId}`, '{"name":"Theirs"}'],
      ['PUT', `/organizations/${organizationId}/provisioning`, '{"mode":"jit"}'],
      ['DELETE', '/session'],
      ['POST', `/organizations/${organizationId}/resync`],
    ];
    for (const [method, path, body] of requests) {
      const answer = await byCookie(cookie, method, path, headers(), body);
      expect(answer.status, `${method} ${path}`).toBe(403);
    }
    expect((await byCookie(cookie, 'GET', '/session')).status).toBe(200);
    const { items } = await api.call('listSyncLogs', { params: { organizationId }, query: { actorType: 'admin' } });
    expect(items.filter(({ actor }) => actor.name !== 'Platform admin').map(({ action }) => action)).toEqual([
      'CONSOLE_SIGN_IN',
    ]);
  });

  test('from here as JSON is done', async () => {
    const { organizationId, key } = await organizationKey('admin');
    const headers = { ...json, origin: api.url };
    const path = `/organizations/${organizationId}/workspaces`;
    expect((await byCookie(await cookieOf(key), 'POST', path, headers, '{"name":"Ours"}')).status).toBe(201);
  });
});
