import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startDispatcher, type Dispatcher } from '../../src/queue/dispatcher.ts';
import type { JobQueue } from '../../src/queue/job-queue.ts';
import { addMembershipJobs, createOrganization, createUsers } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silent, until } from './harness.ts';

let db: TestDatabase;
let dispatcher: Dispatcher;
/** Organizations whose jobs came into the queue, in that order. */
let dispatched: string[];

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
});

/** Without sweeps: whatever is dispatched is so because of a nudge, a finished job or the end of a rest. */
function start(restForMs: number): void {
  dispatcher = startDispatcher({
    db,
    queues: {
      'group-membership': { ...queue, name: 'group-membership' },
      'workspace-mapping': { ...queue, name: 'workspace-mapping' },
    },
    logger: silent,
    sweepEveryMs: 3_600_000,
    restForMs,
  });
}

async function committed(organizationId: string): Promise<void> {
  await addMembershipJobs(db, organizationId, await createUsers(db, organizationId, 1));
  dispatcher.nudge(organizationId);
}

async function done(organizationId: string, leftNone: boolean): Promise<void> {
  await db.pool.query(`DELETE FROM sync_jobs WHERE organization_id = $1 AND status = 'dispatched'`, [organizationId]);
  dispatcher.jobFinished({ organizationId, leftNone });
}

const untilDispatched = (...organizations: string[]) =>
  until(() => dispatched.length >= organizations.length).then(() => expect(dispatched).toEqual(organizations));

test('one whose delivery left nothing waiting rests while others are active, who are not kept waiting; then it goes on', async () => {
  const [a, b, c] = [await createOrganization(db), await createOrganization(db), await createOrganization(db)];
  start(3_600_000);
  try {
    await committed(a);
    await untilDispatched(a);
    await committed(b);
    await untilDispatched(a, b);
    await done(a, true);
    await committed(a);
    // What comes for somebody else does not take along the job of who rests.
    await committed(c);
    await untilDispatched(a, b, c);
    // Its backlog is worth a delivery of its own at once.
    await done(a, false);
    await untilDispatched(a, b, c, a);
  } finally {
    await dispatcher.close();
  }
});

test('what came during a rest is dispatched after it', async () => {
  const [a, b] = [await createOrganization(db), await createOrganization(db)];
  start(50);
  try {
    await committed(a);
    await committed(b);
    await until(() => dispatched.length === 2);
    await done(a, true);
    await committed(a);
    await until(() => dispatched.length === 3);
    expect(dispatched.at(-1)).toBe(a);
  } finally {
    await dispatcher.close();
  }
});

test('who is alone does not rest', async () => {
  const a = await createOrganization(db);
  start(3_600_000);
  try {
    await committed(a);
    await untilDispatched(a);
    await done(a, true);
    await committed(a);
    await untilDispatched(a, a);
  } finally {
    await dispatcher.close();
  }
});

test('a nudge is about the jobs of its organization, a nudge without one about all', async () => {
  const [a, b, c] = [await createOrganization(db), await createOrganization(db), await createOrganization(db)];
  start(0);
  try {
    // The first claim, of all, is over then.
    await committed(c);
    await untilDispatched(c);
    await addMembershipJobs(db, b, await createUsers(db, b, 1));
    await committed(a);
    await untilDispatched(c, a);
    dispatcher.nudge();
    await untilDispatched(c, a, b);
  } finally {
    await dispatcher.close();
  }
});
