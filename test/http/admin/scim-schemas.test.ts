import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAdminApi, type AdminApi } from './start-admin-api.ts';

const params = { urn: 'urn:example:scim:acme:2.0:User' };
const body = { resourceType: 'User' as const, name: 'Acme', attributes: [{ name: 'badge', type: 'integer' as const }] };

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

describe('extension schemas', () => {
  test('are registered, listed, shown, replaced and deleted', async () => {
    const created = await api.call('setScimSchema', { params, body });
    expect(created).toMatchObject({ ...params, resourceType: 'User', name: 'Acme', description: '' });
    expect(created.attributes).toEqual([
      {
        name: 'badge',
        type: 'integer',
        description: '',
        multiValued: false,
        required: false,
        caseExact: false,
        mutability: 'readWrite',
        returned: 'default',
        uniqueness: 'none',
      },
    ]);
    const replaced = await api.call('setScimSchema', { params, body: { ...body, resourceType: 'Group' } });
    expect(replaced).toMatchObject({ resourceType: 'Group', createdAt: created.createdAt });
    expect(await api.call('getScimSchema', { params })).toEqual(replaced);
    // A URN is the same in any letter case.
    const upper = { urn: params.urn.toUpperCase() };
    expect(await api.call('getScimSchema', { params: upper })).toEqual(replaced);
    expect(await api.call('listScimSchemas')).toEqual({ items: [replaced], nextCursor: null });
    await api.call('deleteScimSchema', { params });
    expect(await api.call('listScimSchemas')).toEqual({ items: [], nextCursor: null });
    await api.refuse('getScimSchema', 404, { params });
    await api.refuse('deleteScimSchema', 404, { params });
  });

  test.each([
    ['a URN that is none', { urn: 'acme' }, {}, /URN/],
    ['a URN of the protocol', { urn: 'urn:ietf:params:scim:schemas:core:2.0:User' }, {}, /belongs to the protocol/],
    ['a URN of its first version', { urn: 'urn:scim:schemas:core:1.0' }, {}, /belongs to the protocol/],
    ['no attributes', params, { attributes: [] }, /attributes/],
    ['an attribute twice', params, { attributes: [{ name: 'a' }, { name: 'A' }] }, /defined twice/],
    ['an attribute called __proto__', params, { attributes: [{ name: '__proto__' }] }, /__proto__/],
    ['a type that is none', params, { attributes: [{ name: 'a', type: 'text' }] }, /attributes\.0\.type/],
    [
      'uniqueness, which nobody would keep',
      params,
      { attributes: [{ name: 'a', uniqueness: 'server' }] },
      /uniqueness/,
    ],
    ['another resource type', params, { resourceType: 'Device' }, /resourceType/],
  ])('%s is refused with 400', async (_what, where, changes, detail) => {
    const path = `/scim-schemas/${encodeURIComponent(where.urn)}`;
    const response = await api.send('PUT', path, { ...body, ...changes });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(((await response.json()) as { detail: string }).detail).toMatch(detail);
  });

  test('fifty are enough', async () => {
    for (let index = 0; index < 50; index += 1) {
      await api.call('setScimSchema', { params: { urn: `urn:example:many:${index}` }, body });
    }
    const problem = await api.refuse('setScimSchema', 409, { params, body });
    expect(problem.code).toBe('too-many-schemas');
    // Those that are there can still be changed.
    await api.call('setScimSchema', { params: { urn: 'urn:example:many:7' }, body: { ...body, name: 'Seven' } });
  });
});
