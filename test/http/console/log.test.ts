import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failJob } from '../../../src/jobs/fail.ts';
import { failureOfKind } from '../../../src/jobs/failure.ts';
import { newId } from '../../../src/platform/ids.ts';
import { systemCause } from '../../../src/sync-log/append.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';
import { read } from './read.ts';

let service: TestService;
let acme: TestOrganization;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
});
afterAll(() => service.close());

const params = () => ({ organizationId: acme.id });

/** Writes an entry in a transaction that stays open until the returned function is called. */
async function writeSlowly(message: string): Promise<() => Promise<void>> {
  const client = await service.db.pool.connect();
  await client.query('BEGIN');
  await client.query(sql`
    INSERT INTO sync_logs (organization_id, action, status, resource_type, actor_type, message)
    VALUES (${acme.id}, 'RESYNC', 'SUCCESS', 'Organization', ${systemCause.actor.type}, ${message})`);
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}

describe('following the log', () => {
  test('begins with the newest, oldest first, and goes on with what came since', async () => {
    // What jobs still write would come in between.
    await service.quiet();
    const first = await read(service, 'tailSyncLogs', { params: params(), query: { limit: '3' } });
    const listed = await read(service, 'listSyncLogs', { params: params(), query: { limit: '3' } });
    expect(first.items).toEqual(listed.items.toReversed());
    await acme.workspace('Followed');
    const next = await read(service, 'tailSyncLogs', { params: params(), query: { after: first.cursor } });
    expect(next.items.at(-1)).toMatchObject({ action: 'CREATE_WORKSPACE', resource: { name: 'Followed' } });
    expect(next.leftOff).toBe(false);
  });

  test('misses no entry that becomes visible after a newer one', async () => {
    await service.quiet();
    const commit = await writeSlowly('written first, seen last');
    await acme.workspace('Seen first');
    const before = await read(service, 'tailSyncLogs', { params: params() });
    expect(before.items.at(-1)?.resource.name).toBe('Seen first');
    await commit();
    const after = await read(service, 'tailSyncLogs', { params: params(), query: { after: before.cursor } });
    expect(after.items.map(({ message }) => message)).toContain('written first, seen last');
  });

  test('filters, says when there is more than it shows, and never goes back', async () => {
    const old = '01890a5d-ac96-774b-bcce-b302099a8057';
    const tail = await read(service, 'tailSyncLogs', { params: params(), query: { after: old, limit: '1' } });
    expect(tail).toMatchObject({ leftOff: true, items: [expect.anything()] });
    const only = await read(service, 'tailSyncLogs', { params: params(), query: { after: old, action: 'ADD_DOMAIN' } });
    expect(new Set(only.items.map(({ action }) => action))).toEqual(new Set(['ADD_DOMAIN']));
    const future = 'ffffffff-ac96-774b-bcce-b302099a8057';
    expect(await read(service, 'tailSyncLogs', { params: params(), query: { after: future } })).toEqual({
      items: [],
      cursor: future,
      leftOff: false,
    });
  });
});

describe('help after a failure', () => {
  test('of a refused write is what its message says: whose turn it is; nothing to replay', async () => {
    await acme.scim('POST', '/Users', { userName: 'no address' });
    const { items } = await read(service, 'listSyncLogs', {
      params: params(),
      query: { status: 'FAILED', limit: '1' },
    });
    expect(items[0]?.help).toMatchObject({ class: 'identity-provider', job: null, replayJobId: null });
    expect(items[0]?.message).toContain(items[0]?.help?.advice ?? 'x');
  });

  test('of a refused change of settings is for an admin', async () => {
    const { id } = (await service.admin('POST', '/organizations', { name: 'Free', plan: 'free' })).body;
    await service.admin('PUT', `/organizations/${String(id)}/provisioning`, { mode: 'scim' });
    const { items } = await read(service, 'listSyncLogs', {
      params: { organizationId: String(id) },
      query: { status: 'FAILED' },
    });
    expect(items.map(({ help }) => help?.class)).toEqual(['admin']);
  });

  test('of a failed job names the job for as long as a replay helps', async () => {
    const user = await acme.user(`unlucky@${acme.id}.example`);
    const attempt = { id: newId(), organizationId: acme.id, attempts: 0 };
    await service.db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload, status, dispatched_at)
      VALUES (${attempt.id}, ${acme.id}, 'group-membership', ${JSON.stringify({ userIds: [user] })}, 'dispatched', now())`);
    await failJob(service.db, attempt, failureOfKind('database-busy'));
    const latest = async () => {
      const { items } = await read(service, 'listSyncLogs', {
        params: params(),
        query: { status: 'FAILED', action: 'SYNC_ACCESS', limit: '1' },
      });
      return items[0];
    };
    const failed = await latest();
    expect(failed?.help).toMatchObject({ class: 'retry', job: 'failed', replayJobId: failed?.jobId });
    const traced = await read(service, 'getTrace', { params: params(), query: { jobId: failed?.jobId ?? '' } });
    expect(traced.jobs.find(({ jobId }) => jobId === failed?.jobId)).toMatchObject({
      state: 'failed',
      counts: { FAILED: 1 },
      failure: { class: 'retry' },
    });
    await service.admin('POST', `/organizations/${acme.id}/jobs/replay`, { ids: [failed?.jobId] });
    await service.quiet();
    expect((await latest())?.help).toMatchObject({ job: 'done', replayJobId: null });
  });

  test('is on no other entry', async () => {
    const { items } = await read(service, 'listSyncLogs', { params: params(), query: { status: 'SUCCESS' } });
    expect(new Set(items.map(({ help }) => help))).toEqual(new Set([null]));
  });
});

describe('a trace', () => {
  test('leads from a request over its job to every effect, from either end', async () => {
    const users = await Promise.all([1, 2, 3].map((n) => acme.user(`t${n}@${acme.id}.example`)));
    const group = await acme.group('Traced', users);
    await service.quiet();
    const { body, headers } = await acme.mapping(group, {
      workspaceIds: [await acme.workspace('Traced')],
      role: 'developer',
    });
    await service.quiet();
    const requestId = headers.get('x-request-id') ?? '';
    const traced = await read(service, 'getTrace', { params: params(), query: { requestId } });
    expect(traced).toMatchObject({ requestId, complete: true, entries: [{ action: 'UPDATE_MAPPING' }] });
    expect(traced.jobs).toHaveLength(1);
    expect(traced.jobs[0]).toMatchObject({
      jobId: body['jobId'],
      state: 'applied',
      progress: { done: 3, total: 3, changed: 3 },
      // The walk itself, and each user.
      counts: { SUCCESS: 4, SKIPPED: 0, FAILED: 0 },
    });
    expect(traced.jobs[0]?.effects.map(({ resource }) => resource.type)).toEqual([
      'GroupMapping',
      'User',
      'User',
      'User',
    ]);
    expect(await read(service, 'getTrace', { params: params(), query: { jobId: String(body['jobId']) } })).toEqual(
      traced,
    );
  });

  test('of a SCIM write shows the jobs that it added without naming them', async () => {
    const requestId = `trace-${acme.id}`;
    const user = await acme.user(`w@${acme.id}.example`);
    await service.quiet();
    const created = await acme.scim(
      'POST',
      '/Groups',
      { displayName: 'W', members: [{ value: user }] },
      { 'x-request-id': requestId },
    );
    expect(created.status).toBe(201);
    await service.quiet();
    const traced = await read(service, 'getTrace', { params: params(), query: { requestId } });
    expect(traced.entries.map(({ action }) => action)).toEqual(['CREATE']);
    expect(traced.jobs).toMatchObject([{ state: 'applied', effects: [{ resource: { id: user } }] }]);
  });

  test('shows a job that waits, and says when it does not show everything', async () => {
    const jobId = newId();
    const requestId = newId();
    await service.db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload, status, request_id, created_at)
      VALUES (${jobId}, ${acme.id}, 'group-membership', '{"userIds":[]}', 'failed', ${requestId}, now())`);
    await service.db.query(sql`
      INSERT INTO sync_logs (organization_id, action, status, resource_type, resource_id, actor_type, message, request_id, job_id)
      SELECT ${acme.id}, 'SYNC_ACCESS', 'SUCCESS', 'User', n::text, 'system', 'x', ${requestId}, ${jobId}
      FROM generate_series(1, 60) n`);
    const traced = await read(service, 'getTrace', { params: params(), query: { requestId } });
    expect(traced).toMatchObject({
      complete: false,
      entries: [],
      jobs: [{ jobId, state: 'failed', counts: { SUCCESS: 60 } }],
    });
    expect(traced.jobs[0]?.effects).toHaveLength(50);
    await service.db.query(sql`DELETE FROM sync_jobs WHERE id = ${jobId}`);
  });

  test.each(['unknown', newId()])('of %s is empty', async (id) => {
    const empty = { entries: [], jobs: [], complete: true };
    expect(await read(service, 'getTrace', { params: params(), query: { requestId: id } })).toMatchObject(empty);
    expect(await read(service, 'getTrace', { params: params(), query: { jobId: id } })).toMatchObject(empty);
  });

  test('of another organization is empty', async () => {
    const other = await service.organization();
    const { items } = await read(service, 'listSyncLogs', { params: params(), query: { action: 'UPDATE_MAPPING' } });
    const { requestId, jobId } = items[0] ?? { requestId: '', jobId: '' };
    const foreign = { organizationId: other.id };
    for (const query of [{ requestId: requestId ?? '' }, { jobId: jobId ?? '' }]) {
      expect(await read(service, 'getTrace', { params: foreign, query })).toMatchObject({ entries: [], jobs: [] });
    }
  });

  test.each(['', '?requestId=a&jobId=b'])('needs one of both: "%s" is 400', async (query) => {
    expect((await service.admin('GET', `/organizations/${acme.id}/trace${query}`)).status).toBe(400);
  });
});
