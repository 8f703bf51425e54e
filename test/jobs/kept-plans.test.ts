import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addMembershipJobs, createOrganization, createUsers, workJob } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** With one connection, so that it is asked everything. */
let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase(1);
});
afterAll(() => db.close());

test('what jobs of one user each ask is not planned anew for its values, and other statements may be', async () => {
  const organizationId = await createOrganization(db);
  for (const user of await createUsers(db, organizationId, 10)) {
    const [job] = await addMembershipJobs(db, organizationId, [user]);
    if (job === undefined) throw new Error('a job was added');
    expect(await workJob(db, job)).toBe('applied');
  }

  const kept = await db.query<{ beginning: string; custom: number; generic: number }>(sql`
    SELECT substring(statement FROM '[A-Z]+ [a-z.]+') AS beginning, custom_plans AS custom, generic_plans AS generic
    FROM pg_prepared_statements WHERE statement ~ ${'WITH job AS|FOR NO KEY UPDATE'} ORDER BY 1`);
  // The first run of each is not kept.
  expect(kept).toEqual([
    { beginning: 'SELECT u.id', custom: 0, generic: 9 },
    { beginning: 'WITH job', custom: 0, generic: 9 },
  ]);
  expect(await db.query(sql`SHOW plan_cache_mode`)).toEqual([{ plan_cache_mode: 'auto' }]);
});
