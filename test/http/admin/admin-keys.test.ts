import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokenSecret } from '../../../src/provisioning/token-secret.ts';
import { readyOrganization } from './fixtures.ts';
import { startAdminApi, type AdminApi } from './start-admin-api.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

async function organizationWithKey(role: 'admin' | 'viewer' = 'admin') {
  const { organizationId } = await readyOrganization(api);
  const params = { organizationId };
  const { key, ...info } = await api.call('createAdminKey', { params, body: { name: 'Deploy script', role } });
  return { organizationId, params, key, info };
}

describe('an admin key', () => {
  test('is shown once: it is stored as its hash and listed by prefix and last four', async () => {
    const { params, key, info } = await organizationWithKey('viewer');
    expect(key).toMatch(/^rc_org_[0-9A-Za-z]{49}$/);
    expect(info).toMatchObject({ name: 'Deploy script', role: 'viewer', lastUsedAt: null });
    expect(key.startsWith(info.prefix)).toBe(true);
    expect(key.endsWith(info.lastFour)).toBe(true);
    expect(await api.call('listAdminKeys', { params })).toEqual({ items: [info], nextCursor: null });
    const [row] = await api.db.query<{ hash: Buffer; text: string }>(sql`
      SELECT key_hash AS hash, to_jsonb(k)::text AS text FROM admin_keys k WHERE id = ${info.id}`);
    expect(row?.hash.equals(createHash('sha256').update(key).digest())).toBe(true);
    expect(row?.text).not.toContain(key.slice(-20));
  });

  test('opens its organization, and remembers when it was used', async () => {
    const { organizationId, params, key, info } = await organizationWithKey('viewer');
    expect((await api.send('GET', `/organizations/${organizationId}`, undefined, bearer(key))).status).toBe(200);
    const [listed] = (await api.call('listAdminKeys', { params })).items;
    expect(Date.parse(listed?.lastUsedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(info.createdAt) - 1_000);
  });

  test('names who acts in the log, by name and id', async () => {
    const { organizationId, params, key, info } = await organizationWithKey();
    const send = (method: string, path: string, body?: unknown) =>
      api.send(method, `/organizations/${organizationId}${path}`, body, bearer(key));
    expect((await send('POST', '/workspaces', { name: 'Docs' })).status).toBe(201);
    expect((await send('PUT', '/provisioning', { mode: 'jit' })).status).toBe(200);
    // Selected without a plan for it: refused, and that is somebody's doing as well.
    expect((await send('POST', '/scim-tokens/rotate')).status).toBe(409);
    const { items } = await api.call('listSyncLogs', { params });
    const mine = items.filter(({ actor }) => actor.id === info.id);
    expect(mine.map(({ action, status }) => `${action} ${status}`)).toEqual([
      'ROTATE_TOKEN FAILED',
      'CHANGE_PROVISIONING_MODE SUCCESS',
      'CREATE_WORKSPACE SUCCESS',
    ]);
    for (const { actor } of mine) expect(actor).toEqual({ type: 'admin', id: info.id, name: 'Deploy script' });
  });

  test('may make and revoke other keys as an admin, and the log says who did', async () => {
    const { organizationId, params, key, info } = await organizationWithKey();
    const path = `/organizations/${organizationId}/admin-keys`;
    const created = await api.send('POST', path, { name: 'Reader', role: 'viewer' }, bearer(key));
    const { id } = (await created.json()) as { id: string };
    expect((await api.send('DELETE', `${path}/${id}`, undefined, bearer(key))).status).toBe(204);
    const { items } = await api.call('listSyncLogs', { params });
    expect(items.slice(0, 2)).toMatchObject([
      { action: 'REVOKE_ADMIN_KEY', resource: { type: 'AdminKey', id, name: 'Reader' }, actor: { id: info.id } },
      { action: 'CREATE_ADMIN_KEY', resource: { type: 'AdminKey', id, name: 'Reader' }, actor: { id: info.id } },
    ]);
  });

  test('is refused from the moment that its revocation is answered; again changes nothing', async () => {
    const { organizationId, params, key, info } = await organizationWithKey();
    const read = () => api.send('GET', `/organizations/${organizationId}`, undefined, bearer(key));
    expect((await read()).status).toBe(200);
    await api.call('revokeAdminKey', { params: { ...params, keyId: info.id } });
    for (let i = 0; i < 20; i += 1) expect((await read()).status).toBe(401);
    expect((await api.call('listAdminKeys', { params })).items).toEqual([]);
    await api.call('revokeAdminKey', { params: { ...params, keyId: info.id } });
    const { items } = await api.call('listSyncLogs', { params });
    expect(items.slice(0, 2).map(({ status }) => status)).toEqual(['SKIPPED', 'SUCCESS']);
  });

  test('that is revoked while a body is still arriving writes nothing', async () => {
    const { organizationId, params, key, info } = await organizationWithKey();
    const body = JSON.stringify({ name: 'Too late' });
    const status = new Promise<number | undefined>((resolve, reject) => {
      const slow = request(`${api.url}/api/v1/organizations/${organizationId}/workspaces`, {
        method: 'POST',
        headers: { ...bearer(key), 'content-type': 'application/json', 'content-length': body.length },
      });
      slow.once('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      slow.once('error', reject);
      slow.write(body.slice(0, 5));
      // Longer than the moment for which a check holds.
      void sleep(1_200)
        .then(() => api.call('revokeAdminKey', { params: { ...params, keyId: info.id } }))
        .then(() => slow.end(body.slice(5)), reject);
    });
    expect(await status).toBe(401);
    expect((await api.call('listWorkspaces', { params })).items).toEqual([]);
  });

  test.each([
    ['of the right form that was never issued', () => createTokenSecret('rc_org_').token],
    ['with a typing error', (key: string) => `${key.slice(0, 20)}${key[20] === 'a' ? 'b' : 'a'}${key.slice(21)}`],
    ['in another case', (key: string) => key.toUpperCase()],
    ['cut short', (key: string) => key.slice(0, -1)],
    ['that is a SCIM token', () => createTokenSecret('rc_scim_').token],
  ])('%s is 401 in the words of every other', async (_, wrong) => {
    const { organizationId, key } = await organizationWithKey();
    const path = `/organizations/${organizationId}`;
    const { requestId: _1, ...refusal } = (await (
      await api.send('GET', path, undefined, bearer(wrong(key)))
    ).json()) as Record<string, unknown>;
    const { requestId: _2, ...constant } = (await (
      await api.send('GET', path, undefined, bearer('x'))
    ).json()) as Record<string, unknown>;
    expect(refusal).toEqual(constant);
    expect(refusal).toMatchObject({ status: 401, code: 'invalid-admin-key' });
  });

  test('lists page by page, newest first', async () => {
    const { params } = await organizationWithKey();
    for (const name of ['b', 'c']) await api.call('createAdminKey', { params, body: { name, role: 'viewer' } });
    const first = await api.call('listAdminKeys', { params, query: { limit: 2 } });
    expect(first.items.map(({ name }) => name)).toEqual(['c', 'b']);
    const second = await api.call('listAdminKeys', { params, query: { limit: 2, cursor: first.nextCursor ?? '' } });
    expect(second.items.map(({ name }) => name)).toEqual(['Deploy script']);
    expect(second.nextCursor).toBeNull();
  });

  test.each([
    [{ name: 'x' }, ['role']],
    [{ name: '', role: 'admin' }, ['name']],
    [{ name: 'x', role: 'platform' }, ['role']],
  ])('%j is refused by field', async (body, fields) => {
    const { params } = await organizationWithKey();
    const refusal = await api.refuse('createAdminKey', 400, { params, body: body as never });
    expect(refusal.errors?.map(({ field }) => field)).toEqual(fields);
  });
});
