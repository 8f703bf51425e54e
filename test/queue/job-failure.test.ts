import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { describeFailure, failureOf } from '../../src/jobs/failure.ts';
import { lockJob, type LockedJob } from '../../src/jobs/lock.ts';
import { UnknownPayloadError } from '../../src/jobs/parse-payload.ts';
import { recordFailure } from '../../src/queue/job-failure.ts';
import { addMembershipJobs, createOrganization, createUser, entries, jobRows } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silent } from './harness.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function lockedJob(): Promise<LockedJob> {
  const organizationId = await createOrganization(db);
  const [job] = await addMembershipJobs(db, organizationId, [await createUser(db, organizationId)]);
  const row = job === undefined ? undefined : await db.transaction((tx) => lockJob(tx, job));
  if (row === undefined) throw new Error('a job was added');
  await db.query(sql`UPDATE sync_jobs SET status = 'dispatched' WHERE id = ${row.id}`);
  return row;
}

function databaseError(code: string, message = 'canceled at "secret value"'): pg.DatabaseError {
  const error = new pg.DatabaseError(message, message.length, 'error');
  error.code = code;
  return error;
}

test.each([
  { error: new Error('secret value'), isLast: false, then: 'will-retry', status: 'dispatched', attempts: 1, logged: 0 },
  { error: new Error('secret value'), isLast: true, then: 'failed', status: 'failed', attempts: 1, logged: 1 },
  { error: databaseError('23514'), isLast: true, then: 'failed', status: 'failed', attempts: 1, logged: 1 },
  // Its own statement took too long: the attempts come to an end.
  { error: databaseError('57014'), isLast: true, then: 'failed', status: 'failed', attempts: 1, logged: 1 },
  { error: databaseError('55P03'), isLast: true, then: 'failed', status: 'failed', attempts: 1, logged: 1 },
  // Postgres is going away or full: no fault of the job, however often.
  { error: databaseError('57P01'), isLast: true, then: 'will-retry', status: 'dispatched', attempts: 0, logged: 0 },
  { error: databaseError('53300'), isLast: true, then: 'will-retry', status: 'dispatched', attempts: 0, logged: 0 },
  { error: new UnknownPayloadError('x'), isLast: false, then: 'failed', status: 'failed', attempts: 1, logged: 1 },
])(
  '$error.name $error.code, last attempt $isLast: $then',
  async ({ error, isLast, then, status, attempts, logged }) => {
    const row = await lockedJob();
    expect(await recordFailure(db, row, error, { isLast, logger: silent })).toBe(then);
    expect(await jobRows(db, row.organizationId)).toMatchObject([{ status, attempts }]);
    const log = await entries(db, row.organizationId);
    expect(log).toHaveLength(logged);
    expect(JSON.stringify(log)).not.toContain('secret');
    expect(describeFailure(failureOf(error))).not.toContain('secret');
  },
);

test('a job whose row was never locked is left to whoever is at it', async () => {
  const row = await lockedJob();
  expect(await recordFailure(db, undefined, new Error('x'), { isLast: true, logger: silent })).toBe('will-retry');
  expect(await jobRows(db, row.organizationId)).toMatchObject([{ status: 'dispatched', attempts: 0 }]);
});
