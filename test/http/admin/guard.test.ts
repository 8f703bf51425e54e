import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/contract/endpoint.ts';
import { endpoints } from '../../../src/contract/endpoints.ts';
import { problem } from '../../../src/contract/problem.ts';
import { readyOrganization, unique } from './fixtures.ts';
import { adminKey, startAdminApi, type AdminApi } from './start-admin-api.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

const unknownId = '01890a5d-ac96-774b-bcce-b302099a8057';

function pathOf(endpoint: Endpoint, params: Record<string, string> = {}): string {
  return endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? unknownId);
}

describe('the admin key', () => {
  test.each(Object.values<Endpoint>(endpoints).filter(({ open }) => open !== true))(
    'guards $method $path',
    async (endpoint) => {
      const response = await fetch(`${api.url}/api/v1${pathOf(endpoint)}`, { method: endpoint.method.toUpperCase() });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(problem.parse(await response.json()).code).toBe('invalid-admin-key');
    },
  );

  test.each([
    ['a wrong key', `Bearer ${adminKey}x`],
    ['no scheme', adminKey],
    ['another scheme', `Basic ${adminKey}`],
    ['a blank key', 'Bearer '],
    ['two keys', `Bearer ${adminKey} ${adminKey}`],
    ['a SCIM token', `Bearer rc_scim_${'a'.repeat(49)}`],
  ])('refuses %s', async (_, authorization) => {
    const response = await api.send('GET', '/organizations', undefined, { Authorization: authorization });
    expect(response.status).toBe(401);
  });

  test('is asked of nobody who is about to give it', () => {
    const open = Object.values<Endpoint>(endpoints).filter((endpoint) => endpoint.open === true);
    expect(open.map(({ operationId }) => operationId)).toEqual(['createSession']);
  });

  test('is checked before an address is known and before a body is read', async () => {
    const response = await fetch(`${api.url}/api/v1/nowhere`, { method: 'POST', body: '{' });
    expect(response.status).toBe(401);
  });
});

describe('an id that names nothing', () => {
  const inOrganization = Object.values<Endpoint>(endpoints).filter(({ path }) => path.includes('{organizationId}'));

  test.each(inOrganization)('is 404, not 500: $method $path', async (endpoint) => {
    for (const organizationId of [unknownId, 'not-an-id', "'; DROP TABLE users", '%00']) {
      const response = await api.send(
        endpoint.method.toUpperCase(),
        pathOf(endpoint, { organizationId: encodeURIComponent(organizationId) }),
        endpoint.request === null ? undefined : {},
      );
      expect(response.status).toBe(404);
      expect(problem.parse(await response.json()).code).toBe('organization-not-found');
    }
  });

  test.each([
    ['DELETE', 'scim-tokens/ID', 'scim-token-not-found'],
    ['DELETE', 'workspaces/ID', 'workspace-not-found'],
    ['DELETE', 'domains/nowhere.example', 'domain-not-found'],
    ['POST', 'domains/nowhere.example/verify', 'domain-not-found'],
    ['GET', 'users/ID', 'user-not-found'],
    ['DELETE', 'users/ID', 'user-not-found'],
    ['GET', 'users/ID/access', 'user-not-found'],
    ['PUT', 'workspaces/ID/members/ID', 'workspace-not-found'],
    ['GET', 'jobs/ID', 'job-not-found'],
  ])('%s %s is %s', async (method, path, code) => {
    const { organizationId } = await readyOrganization(api);
    for (const id of [unknownId, 'x']) {
      const response = await api.send(method, `/organizations/${organizationId}/${path.replaceAll('ID', id)}`);
      expect(response.status).toBe(404);
      expect(problem.parse(await response.json()).code).toBe(code);
    }
  });

  test('an id of another organization answers like one that was never given out', async () => {
    const mine = await readyOrganization(api);
    const other = await readyOrganization(api);
    const workspace = await api.call('createWorkspace', {
      params: { organizationId: other.organizationId },
      body: { name: 'Theirs' },
    });
    const refusal = await api.refuse('deleteWorkspace', 404, {
      params: { organizationId: mine.organizationId, workspaceId: workspace.id },
    });
    expect(refusal.code).toBe('workspace-not-found');
    const { items } = await api.call('listWorkspaces', { params: { organizationId: other.organizationId } });
    expect(items).toHaveLength(1);
  });
});

describe('bad input', () => {
  test.each([
    ['nothing', '{}', ['name', 'plan']],
    ['a blank name', '{"name":"  ","plan":"free"}', ['name']],
    ['an unknown plan', '{"name":"A","plan":"gold"}', ['plan']],
    ['a name that is too long', JSON.stringify({ name: 'x'.repeat(201), plan: 'free' }), ['name']],
    ['a name with U+0000', '{"name":"a\\u0000b","plan":"free"}', ['name']],
    ['a list', '[]', ['body']],
  ])('%s as an organization is 400, naming each field', async (_, body, fields) => {
    const response = await api.send('POST', '/organizations', body);
    expect(response.status).toBe(400);
    const answer = problem.parse(await response.json());
    expect(answer.errors?.map(({ field }) => field)).toEqual(fields);
    for (const field of fields) expect(answer.detail).toContain(field);
  });

  test.each([
    ['malformed JSON', 400, '{"name":', 'application/json'],
    ['another media type', 415, 'name=A&plan=free', 'application/x-www-form-urlencoded'],
    ['an unknown charset', 415, '{}', 'application/json; charset=klingon'],
    ['a body over the limit', 413, JSON.stringify({ name: 'x'.repeat(2 ** 20) }), 'application/json'],
  ])('%s is %i', async (_, status, body, contentType) => {
    const response = await api.send('POST', '/organizations', body, { 'Content-Type': contentType });
    expect(response.status).toBe(status);
    expect(problem.parse(await response.json()).detail).toMatch(/\.$/);
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=many', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=%00', 'cursor'],
    ['staus=FAILED', 'staus'],
  ])('the query %s is refused, never ignored', async (query, field) => {
    const response = await api.send('GET', `/organizations?${query}`);
    expect(response.status).toBe(400);
    expect(problem.parse(await response.json()).errors?.map((error) => error.field)).toEqual([field]);
  });

  test('a cursor that no list gave out is 400', async () => {
    expect((await api.refuse('listOrganizations', 400, { query: { cursor: 'abc' } })).code).toBe('invalid-cursor');
  });

  test('a malformed escape in the path is 400', async () => {
    expect((await api.send('GET', '/organizations/%zz')).status).toBe(400);
  });

  test('another method is 405 and says which are allowed', async () => {
    const response = await api.send('DELETE', '/organizations');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST, GET');
  });

  test('an unknown address is 404', async () => {
    expect(problem.parse(await (await api.send('GET', '/nowhere')).json()).code).toBe('unknown-address');
  });
});

test('every answer carries the request id, and nothing may be cached', async () => {
  const requestId = unique('request');
  const response = await api.send('GET', '/nowhere', undefined, { 'X-Request-Id': requestId });
  expect(response.headers.get('x-request-id')).toBe(requestId);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(problem.parse(await response.json()).requestId).toBe(requestId);
});
