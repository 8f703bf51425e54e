import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOrganization } from '../../src/provisioning/organizations.ts';
import { systemCause } from '../../src/sync-log/append.ts';
import { exportSyncLogs } from '../../src/sync-log/export.ts';
import { purgeSyncLogs } from '../../src/sync-log/retention.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let organizationId: string;
beforeAll(async () => {
  db = await createTestDatabase();
  const input = { name: 'Acme', plan: 'free', userNameFormat: 'email', cause: systemCause } as const;
  organizationId = (await createOrganization(db, input)).id;
  // 12,000 entries, one an hour back from now: 500 days, three batches of a purge, a dozen pages of an export.
  await db.query(sql`
    INSERT INTO sync_logs (organization_id, occurred_at, action, status, resource_type, actor_type, message)
    SELECT ${organizationId}::uuid, now() - hour * interval '1 hour', 'UPDATE', 'SUCCESS', 'User', 'system', 'Entry.'
    FROM generate_series(1, 12000) AS hour`);
});
afterAll(() => db.close());

test('an export walks any number of entries, each once', async () => {
  const lines: string[] = [];
  for await (const chunk of exportSyncLogs(db, organizationId, {}, 'ndjson'))
    lines.push(...chunk.trimEnd().split('\n'));
  expect(new Set(lines).size).toBe(12_001);
});

test('a purge deletes what is older than the retention, from several processes at once, and nothing else', async () => {
  const deleted = await Promise.all([purgeSyncLogs(db, 10), purgeSyncLogs(db, 10)]);
  expect(deleted[0] + deleted[1]).toBe(12_000 - 239);
  expect(await purgeSyncLogs(db, 10)).toBe(0);
});
