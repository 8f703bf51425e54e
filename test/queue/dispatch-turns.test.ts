import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startDispatcher, type Dispatcher } from '../../src/queue/dispatcher.ts';
import type { JobQueue } from '../../src/queue/job-queue.ts';
import { addMembershipJobs, createOrganization, createUsers } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silent, until } from './harness.ts';

let db: TestDatabase;
let dispatcher: Dispatcher;
/** Organizations whose jobs came into the queue, in that order. */
let dispatched: string[];
/** Set by hand, so that no rest ends, and nobody counts as gone, because the machine was slow. */
let now: number;

const queue: Omit<JobQueue, 'name'> = {
  add: async (jobs) => void dispatched.push(...jobs.map(({ organizationId }) => organizationId)),
  ensure: async () => 'on-its-way',
  counts: async () => ({}),
};

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  dispatched = [];
  now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await dispatcher.close();
});

/** Without sweeps: whatever is dispatched is so because of a nudge, a finished job or the end of a rest. */
function start(lengthMs: number): void {
  dispatcher = startDispatcher({
    db,
    queues: {
      'group-membership': { ...queue, name: 'group-membership' },
      'workspace-mapping': { ...queue, name: 'workspace-mapping' },
    },
    logger: silent,
    sweepEveryMs: 3_600_000,
    restOver: { lengthMs, rowBreaksAfterMs: 3_600_000 },
  });
}

async function committed(organizationId: string): Promise<void> {
  await addMembershipJobs(db, organizationId, await createUsers(db, organizationId, 1));
  dispatcher.nudge(organizationId);
}

async function done(organizationId: string, leftNone: boolean): Promise<void> {
  await db.pool.query(`DELETE FROM sync_jobs WHERE organization_id = $1 AND status = 'dispatched'`, [organizationId]);
  dispatcher.jobFinished({ organizationId, leftNone, durationMs: 1 });
}

const untilDispatched = (...organizations: string[]) =>
  until(() => dispatched.length >= organizations.length).then(() => expect(dispatched).toEqual(organizations));

/** As many deliveries of `organizationId` as make it rest, one after the other, the last of them done. */
async function flood(organizationId: string): Promise<void> {
  for (let count = 1; count <= 2; count += 1) {
    await committed(organizationId);
    await until(() => dispatched.length >= count);
    await done(organizationId, true);
  }
  dispatched = [];
}

test('a flood rests while others are active, who are not kept waiting, until so much waits that a delivery is full', async () => {
  const [a, b, c] = [await createOrganization(db), await createOrganization(db), await createOrganization(db)];
  start(3_600_000);
  await flood(a);
  await committed(b);
  await untilDispatched(b);
  await committed(a);
  await committed(c);
  // The claim that found this one was of all.
  await untilDispatched(b, c);
  await done(a, false);
  await untilDispatched(b, c, a);
});

test('what came during a rest is dispatched after it, whoever is told of it', async () => {
  const [a, b, c] = [await createOrganization(db), await createOrganization(db), await createOrganization(db)];
  start(500);
  await flood(a);
  await committed(b);
  await untilDispatched(b);
  await addMembershipJobs(db, a, await createUsers(db, a, 1));
  await committed(c);
  await untilDispatched(b, c);
  now += 500;
  await untilDispatched(b, c, a);
});

test('who is alone does not rest', async () => {
  const a = await createOrganization(db);
  start(3_600_000);
  await flood(a);
  await committed(a);
  await untilDispatched(a);
});
