import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userSorts } from '../../../src/contract/users.ts';
import { groupSorts } from '../../../src/contract/groups.ts';
import { createGroup, createUsers, mapGroup } from '../../access/fixtures.ts';
import { readyOrganization } from '../admin/fixtures.ts';
import { allItems } from '../../support/all-items.ts';
import { startAdminApi, type AdminApi } from '../admin/start-admin-api.ts';

let api: AdminApi;
let organizationId: string;
const names = ['Charlie', 'alpha', 'Bravo', 'bravo', 'Delta 100%', `${'x'.repeat(400)}1`, `${'x'.repeat(400)}0`];
beforeAll(async () => {
  api = await startAdminApi();
  ({ organizationId } = await readyOrganization(api));
  const users = await createUsers(api.db, organizationId, 12);
  for (const [n, name] of names.entries()) {
    const group = await createGroup(api.db, organizationId, name, users.slice(0, n % 3));
    if (n % 2 === 0) await mapGroup(api.db, organizationId, group, { role: 'viewer' });
  }
  await api.db.query(sql`
    UPDATE users SET user_name = chr(110 - n::integer) || n || '@Example.com', managed_by = (ARRAY['directory', 'manual', 'jit'])[1 + n % 3],
      updated_at = now() - (n % 4) * interval '1 microsecond'
    FROM (SELECT id AS user_id, row_number() OVER (ORDER BY id) AS n FROM users WHERE organization_id = ${organizationId}) AS numbered
    WHERE organization_id = ${organizationId} AND id = user_id`);
  // Somebody else's, who must not show up anywhere.
  const other = await readyOrganization(api);
  await createGroup(api.db, other.organizationId, 'Bravo', await createUsers(api.db, other.organizationId, 3));
});
afterAll(() => api.close());

const orders = ['asc', 'desc'] as const;

type GroupQuery = NonNullable<NonNullable<Parameters<typeof api.call<'listGroups'>>[1]>['query']>;
type UserQuery = NonNullable<NonNullable<Parameters<typeof api.call<'listUsers'>>[1]>['query']>;

const allGroups = (query: GroupQuery, limit = 2) =>
  allItems((cursor) =>
    api.call('listGroups', {
      params: { organizationId },
      query: { ...query, limit, ...(cursor !== undefined && { cursor }) },
    }),
  );

const allUsers = (query: UserQuery, limit = 5) =>
  allItems((cursor) =>
    api.call('listUsers', {
      params: { organizationId },
      query: { ...query, limit, ...(cursor !== undefined && { cursor }) },
    }),
  );

describe('groups', () => {
  test.each(groupSorts.flatMap((sort) => orders.map((order) => ({ sort, order }))))(
    'by $sort, $order: pages of two are the whole list, each group once',
    async ({ sort, order }) => {
      const paged = await allGroups({ sort, order });
      expect(paged).toEqual(await allGroups({ sort, order }, 200));
      expect(new Set(paged.map(({ id }) => id)).size).toBe(names.length);
      const keys = paged.map((group) =>
        sort === 'displayName' ? group.displayName.toLowerCase().slice(0, 150) : group[sort],
      );
      const sorted = keys.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      expect(keys).toEqual(order === 'asc' ? sorted : sorted.toReversed());
    },
  );

  test('mapped or not', async () => {
    const mapped = await allGroups({ mapped: 'true' });
    expect(mapped.map(({ mapping }) => mapping?.role)).toEqual(['viewer', 'viewer', 'viewer', 'viewer']);
    const unmapped = await allGroups({ mapped: 'false' });
    expect(unmapped.map(({ mapping }) => mapping)).toEqual([null, null, null]);
  });

  test('by part of the name, in any order', async () => {
    const found = await allGroups({ q: 'BRAV', sort: 'memberCount', order: 'desc' });
    expect(found.map(({ displayName, memberCount }) => [displayName, memberCount])).toEqual([
      ['Bravo', 2],
      ['bravo', 0],
    ]);
    expect((await allGroups({ q: '0%' })).map(({ displayName }) => displayName)).toEqual(['Delta 100%']);
  });

  test.each([
    ['of another order', 'memberCount asc'],
    ['made up', 'nothing'],
  ])('a cursor %s is 400', async (_, order) => {
    const cursor = Buffer.from(JSON.stringify([order, 1, organizationId])).toString('base64url');
    const refusal = await api.refuse('listGroups', 400, { params: { organizationId }, query: { cursor } });
    expect(refusal.code).toBe('invalid-cursor');
  });

  test.each([
    ['a key that is no number', ['memberCount asc', 'x', '01890a5d-ac96-774b-bcce-b302099a8057']],
    ['a key that is no text', ['displayName asc', 7, '01890a5d-ac96-774b-bcce-b302099a8057']],
  ])('a cursor with %s is no 500', async (_, parts) => {
    const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
    const [sort] = String(parts[0]).split(' ');
    const response = await api.send(
      'GET',
      `/organizations/${organizationId}/groups?sort=${sort ?? ''}&cursor=${cursor}`,
    );
    expect(response.status).toBeLessThan(500);
  });
});

describe('users', () => {
  test.each(userSorts.flatMap((sort) => orders.map((order) => ({ sort, order }))))(
    'by $sort, $order: pages of five are the whole list, each user once',
    async ({ sort, order }) => {
      const paged = await allUsers({ sort, order });
      expect(paged).toEqual(await allUsers({ sort, order }, 200));
      expect(new Set(paged.map(({ id }) => id)).size).toBe(12);
      const keys = paged.map((user) => (sort === 'createdAt' ? user.id : user[sort].toLowerCase()));
      const sorted = keys.toSorted();
      expect(keys).toEqual(order === 'asc' ? sorted : sorted.toReversed());
    },
  );

  test.each(['directory', 'manual', 'jit'] as const)('managed by %s', async (managedBy) => {
    const found = await allUsers({ managedBy, sort: 'userName' });
    expect(found.map((user) => user.managedBy)).toEqual([managedBy, managedBy, managedBy, managedBy]);
  });
});
