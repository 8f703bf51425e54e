import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Database } from '../../src/platform/database.ts';
import { OutOfTimeError } from '../../src/platform/deadline.ts';
import { appendEntry, makeEntryIds, systemCause } from '../../src/sync-log/append.ts';
import { createLateEntries, type KnownEntry } from '../../src/sync-log/late-entries.ts';
import { createOrganization } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let organizationId: string;
beforeAll(async () => {
  db = await createTestDatabase();
  organizationId = await createOrganization(db);
});
afterAll(() => db.close());

const failed = (id: string, organization = organizationId): KnownEntry => ({
  id,
  organizationId: organization,
  action: 'UPDATE',
  status: 'FAILED',
  resource: { type: 'User', id: null, name: null },
  cause: systemCause,
  message: 'No.',
});
const statusOf = (id: string) => db.query(sql`SELECT status FROM sync_logs WHERE id = ${id}::uuid`);

test('entries are written when the database takes them again; those that are there stay as they are', async () => {
  const [late = '', committed = ''] = await makeEntryIds(db, 2);
  await appendEntry(db, { ...failed(committed), status: 'SUCCESS' });
  let isAway = true;
  const lost = vi.fn();
  const query: Database['query'] = (statement) => (isAway ? Promise.reject(new OutOfTimeError()) : db.query(statement));
  const entries = createLateEntries({ ...db, query }, lost);
  entries.add(failed(late));
  entries.add(failed(committed));
  isAway = false;
  await expect.poll(() => statusOf(late), { timeout: 5_000 }).toEqual([{ status: 'FAILED' }]);
  expect(await statusOf(committed)).toEqual([{ status: 'SUCCESS' }]);
  await entries.close();
  expect(lost).not.toHaveBeenCalled();
});

test('one that can never be written is given up and holds no other up', async () => {
  const [first = '', poison = '', last = ''] = await makeEntryIds(db, 3);
  const lost = vi.fn();
  const entries = createLateEntries(db, lost);
  for (const entry of [failed(first), failed(poison, poison), failed(last)]) entries.add(entry);
  await entries.close();
  expect(lost.mock.calls).toEqual([[1]]);
  expect(await statusOf(first)).toHaveLength(1);
  expect(await statusOf(last)).toHaveLength(1);
});
