import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addPeriodicResyncs } from '../../src/access/periodic-resync.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createOrganization } from './fixtures.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
beforeEach(async () => {
  await db.query(sql`DELETE FROM organizations`);
});
afterAll(() => db.close());

const jobs = () => db.query(sql`SELECT organization_id AS "organizationId", payload FROM sync_jobs`);
const age = (hours: number) =>
  db.query(sql`UPDATE organizations SET resynced_at = now() - make_interval(hours => ${hours})`);

test('an organization that was last resynchronized too long ago gets one job that logs drift only', async () => {
  const organizationId = await createOrganization(db);
  await age(11);
  expect(await addPeriodicResyncs(db, 10)).toBe(1);
  expect(await jobs()).toMatchObject([{ organizationId, payload: { scope: 'organization', onlyDrift: true } }]);
  expect(await addPeriodicResyncs(db, 10)).toBe(0);
});

test('an organization that is not due gets none', async () => {
  await createOrganization(db);
  await age(9);
  expect(await addPeriodicResyncs(db, 10)).toBe(0);
});

test.each([{ mode: 'manual' }, { mode: 'jit' }, { plan: 'free' }])(
  'an organization without active directory sync gets none: %o',
  async (state) => {
    await createOrganization(db, state);
    await age(11);
    expect(await addPeriodicResyncs(db, 10)).toBe(0);
  },
);

test('several processes that look at once take each organization once', async () => {
  for (let i = 0; i < 30; i += 1) await createOrganization(db);
  await age(11);
  const look = () => Promise.all(Array.from({ length: 6 }, () => addPeriodicResyncs(db, 10)));
  while ((await look()).some((added) => added > 0));
  expect(await jobs()).toHaveLength(30);
});
