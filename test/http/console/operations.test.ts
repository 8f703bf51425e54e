import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../../src/platform/ids.ts';
import { readActivity } from '../../../src/sync-log/activity.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';
import { read } from './read.ts';

let service: TestService;
let acme: TestOrganization;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
afterAll(() => service.close());
beforeEach(async () => {
  acme = await service.organization();
});

async function addFailedJobs(organizationId: string, count: number, failure: { code: string; class: string } | null) {
  await service.db.query(sql`
    INSERT INTO sync_jobs (id, organization_id, queue, payload, status, error, failure_code, failure_class)
    SELECT new_id(), ${organizationId}, 'group-membership', '{"userIds":[]}', 'failed', 'x',
      ${failure?.code ?? null}, ${failure?.class ?? null} FROM generate_series(1, ${count}::integer)`);
}

async function addEntries(
  organizationId: string,
  entries: { at: Date; action: string; status?: string; requestId?: string }[],
) {
  for (const { at, action, status = 'SUCCESS', requestId = null } of entries) {
    // Ids are times: an entry of the past needs one of then.
    const hex = at.getTime().toString(16).padStart(12, '0');
    const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7${newId().slice(15)}`;
    await service.db.query(sql`
      INSERT INTO sync_logs (id, organization_id, occurred_at, action, status, resource_type, actor_type, message, request_id)
      VALUES (${id}, ${organizationId}, ${at}, ${action}, ${status}, 'User', 'system', 'x', ${requestId})`);
  }
}

describe('the health of an organization', () => {
  test('counts what waits, what failed and why, and follows a resync', async () => {
    await acme.scim('POST', '/Users', { userName: 'no address' });
    await service.quiet();
    await addFailedJobs(acme.id, 3, { code: 'database-busy', class: 'retry' });
    await addFailedJobs(acme.id, 1, { code: 'unexpected', class: 'admin' });
    await addFailedJobs(acme.id, 2, null);
    const walk = newId();
    await service.db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload, status, progress, dispatched_at, created_at)
      VALUES (${walk}, ${acme.id}, 'workspace-mapping', '{"scope":"organization","reason":"A resync was requested."}',
        'failed', '{"done":500,"total":2000,"changed":7}', now(), now() - interval '5 min')`);
    const health = await read(service, 'getHealth', { params: { organizationId: acme.id } });
    expect(health).toMatchObject({
      id: acme.id,
      mode: 'scim',
      directorySyncActive: true,
      unfinishedJobs: 0,
      oldestUnfinishedAt: null,
      failedJobs: 7,
      failedEntries24h: 1,
      walks: [{ jobId: walk, reason: 'A resync was requested.', progress: { done: 500, total: 2000, changed: 7 } }],
    });
    expect(health.lastRequestAt).not.toBeNull();
    expect(health.failedByClass).toEqual([
      { class: 'retry', code: 'database-busy', jobs: 3 },
      { class: null, code: null, jobs: 3 },
      { class: 'admin', code: 'unexpected', jobs: 1 },
    ]);
  });

  test('counts no further than 1,000, and no failure of the day before yesterday', async () => {
    await addFailedJobs(acme.id, 1_200, null);
    await addEntries(acme.id, [
      { at: new Date(Date.now() - 25 * 3_600_000), action: 'UPDATE', status: 'FAILED' },
      { at: new Date(Date.now() - 23 * 3_600_000), action: 'UPDATE', status: 'FAILED' },
    ]);
    const health = await read(service, 'getHealth', { params: { organizationId: acme.id } });
    expect(health).toMatchObject({ failedJobs: 1_000, failedEntries24h: 1 });
    await service.db.query(sql`DELETE FROM sync_jobs WHERE organization_id = ${acme.id}`);
  });
});

describe('all organizations', () => {
  test('are listed newest first in pages; those that need attention alone if wanted', async () => {
    const calm = await service.organization({ name: 'Calm' });
    await service.quiet();
    await service.db.query(sql`DELETE FROM sync_jobs`);
    await addFailedJobs(acme.id, 1, null);
    const all = await read(service, 'listOrganizationHealth', { params: {}, query: { limit: '1' } });
    expect(all.items.map(({ id }) => id)).toEqual([calm.id]);
    const next = await read(service, 'listOrganizationHealth', {
      params: {},
      query: { limit: '1', cursor: all.nextCursor ?? '' },
    });
    expect(next.items).toMatchObject([{ id: acme.id, failedJobs: 1 }]);
    const troubled = await read(service, 'listOrganizationHealth', { params: {}, query: { attention: 'true' } });
    expect(troubled.items.map(({ id }) => id)).toEqual([acme.id]);
    const named = await read(service, 'listOrganizationHealth', { params: {}, query: { q: 'cALM' } });
    expect(named.items.map(({ id }) => id)).toEqual([calm.id]);
  });

  test('together: queues by state, rates, failures by class', async () => {
    await acme.user(`r@${acme.id}.example`);
    await service.quiet();
    await addFailedJobs(acme.id, 2, { code: 'unexpected', class: 'admin' });
    const operations = await read(service, 'getOperations', { params: {} });
    expect(operations.queues?.map(({ queue }) => queue)).toEqual(['group-membership', 'workspace-mapping']);
    expect(operations.queues?.[0]?.states).toMatchObject({ waiting: 0, failed: 0 });
    expect(operations.failedByClass).toContainEqual({ class: 'admin', code: 'unexpected', jobs: 2 });
    expect(operations.rates.seconds).toBe(300);
    expect(operations.rates.scimWritesPerMinute).toBeGreaterThan(0);
    expect(operations.rates.jobsPerMinute).toBeGreaterThan(0);
    expect(operations.jobs.oldestUnfinishedAgeSeconds).toBeGreaterThanOrEqual(0);
  });
});

describe('activity', () => {
  const hour = 3_600_000;
  const thisHour = () => Math.floor(Date.now() / hour) * hour;

  test('counts entries by hour and status, and takes the time from a change to its effects', async () => {
    const fresh = newId();
    await service.db.query(sql`INSERT INTO organizations (id, name, plan) VALUES (${fresh}, 'Fresh', 'business')`);
    const at = (ms: number) => new Date(thisHour() - 2 * hour + ms);
    await addEntries(fresh, [
      { at: at(0), action: 'UPDATE', requestId: 'a' },
      { at: at(100), action: 'SYNC_ACCESS', requestId: 'a' },
      { at: at(300), action: 'SYNC_ACCESS', status: 'SKIPPED', requestId: 'a' },
      { at: at(500), action: 'SYNC_ACCESS', requestId: 'a' },
      { at: at(900), action: 'SYNC_ACCESS', status: 'FAILED', requestId: 'a' },
      { at: at(950), action: 'SYNC_ACCESS' },
      { at: at(-3 * hour), action: 'UPDATE', status: 'FAILED' },
      { at: at(-40 * hour), action: 'UPDATE' },
    ]);
    const activity = await read(service, 'getActivity', { params: { organizationId: fresh }, query: { hours: '24' } });
    expect(activity.complete).toBe(true);
    expect(activity.hours).toHaveLength(24);
    expect(activity.hours.filter(({ SUCCESS, FAILED }) => SUCCESS + FAILED > 0)).toEqual([
      {
        at: at(-3 * hour).toISOString(),
        SUCCESS: 0,
        SKIPPED: 0,
        FAILED: 1,
        applied: 0,
        appliedP50Ms: null,
        appliedP95Ms: null,
      },
      { at: at(0).toISOString(), SUCCESS: 4, SKIPPED: 1, FAILED: 1, applied: 3, appliedP50Ms: 300, appliedP95Ms: 480 },
    ]);
    const week = await read(service, 'getActivity', { params: { organizationId: fresh }, query: { hours: '168' } });
    expect(week.hours.reduce((sum, { SUCCESS }) => sum + SUCCESS, 0)).toBe(5);
    const kept = await readActivity(service.db, fresh, { hours: 168, retentionDays: 1 });
    expect(kept.hours.reduce((sum, { SUCCESS }) => sum + SUCCESS, 0)).toBe(4);
  });

  test('of all organizations is the sum', async () => {
    const own = await read(service, 'getActivity', { params: { organizationId: acme.id } });
    const all = await read(service, 'getActivityOfAll', { params: {} });
    expect(all.hours.at(-1)?.SUCCESS).toBeGreaterThan(own.hours.at(-1)?.SUCCESS ?? Infinity);
  });

  test('reads the newest entries alone, and says from when on it is whole', async () => {
    const fresh = newId();
    await service.db.query(sql`INSERT INTO organizations (id, name, plan) VALUES (${fresh}, 'Fresh', 'business')`);
    const times = [5, 4, 3, 2].map((hours) => new Date(thisHour() - hours * hour));
    await addEntries(
      fresh,
      times.map((at) => ({ at, action: 'UPDATE' })),
    );
    const activity = await readActivity(service.db, fresh, { hours: 24, maxEntries: 3 });
    expect(activity).toMatchObject({ complete: false, countedFrom: times[1] });
    expect(activity.hours.reduce((sum, { SUCCESS }) => sum + SUCCESS, 0)).toBe(3);
  });

  test.each(['0', '169', 'many'])('of %s hours is 400', async (hours) => {
    expect((await service.admin('GET', `/organizations/${acme.id}/activity?hours=${hours}`)).status).toBe(400);
  });
});
