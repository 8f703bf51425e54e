import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addJob } from '../../src/jobs/add.ts';
import { addMembershipJobs, createOrganization, createUsers, entries, workJob } from '../access/fixtures.ts';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createRig, engines, until } from './harness.ts';

describe.each(engines)('on $engine', ({ engine, skip }) => {
  test.skipIf(skip)('every job that is put into its queue is told with its lag, once', async () => {
    const rig = await createRig(engine);
    try {
      const organization = await createOrganization(rig.db);
      for (const user of await createUsers(rig.db, organization, 5)) {
        await addMembershipJobs(rig.db, organization, [user]);
      }
      await rig.db.query(sql`UPDATE sync_jobs SET created_at = created_at - interval '5 seconds'`);
      const told: { queue: string; lagMs: number }[] = [];
      const dispatcher = rig.startDispatcher({
        onDispatched: (job) => told.push(job),
        sweepEveryMs: 20,
        overdueAfterMs: 100,
      });
      await until(() => told.length >= 5);
      await rig.wipeQueue();
      rig.startWorkers();
      await untilQuiet(rig.db);
      await dispatcher.close();
      expect(told.map(({ queue }) => queue)).toEqual(Array.from({ length: 5 }, () => 'group-membership'));
      for (const { lagMs } of told) expect(lagMs).toBeGreaterThan(5_000);
    } finally {
      await rig.close();
    }
  });
});

describe('a look for drift', () => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await createTestDatabase();
  });
  afterEach(() => db.close());

  test.each([
    { onlyDrift: true, told: [2, 1] },
    { onlyDrift: false, told: [] },
  ])(
    'tells how many users it repaired, page by page; an ordinary resync tells nothing: %o',
    async ({ onlyDrift, told }) => {
      const organizationId = await createOrganization(db);
      const users = await createUsers(db, organizationId, 6);
      for (const job of await addMembershipJobs(db, organizationId, users)) await workJob(db, job);
      const before = (await entries(db, organizationId)).length;
      await db.query(sql`UPDATE users SET role = 'admin' WHERE id = ANY (${[users[0], users[2], users[4]]}::uuid[])`);
      const id = await addJob(db, {
        organizationId,
        requestId: null,
        queue: 'workspace-mapping',
        payload: { scope: 'organization', reason: 'test', onlyDrift },
      });
      const repaired: number[] = [];
      await workJob(
        db,
        { id, organizationId },
        {
          queue: 'workspace-mapping',
          usersPerPage: 3,
          onDriftRepaired: (count) => repaired.push(count),
        },
      );
      expect(repaired).toEqual(told);
      await expectNoDrift(db);
      // Only the drift, and one entry with the totals.
      if (onlyDrift) expect((await entries(db, organizationId)).length - before).toBe(4);
    },
  );
});
