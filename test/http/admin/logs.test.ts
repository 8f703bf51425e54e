import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendEntry, systemCause, type SyncLogEntryInput } from '../../../src/sync-log/append.ts';
import { newId } from '../../../src/platform/ids.ts';
import { allItems } from '../../support/all-items.ts';
import { startAdminApi, type AdminApi } from './start-admin-api.ts';

let api: AdminApi;
let organizationId: string;
const jobId = newId();

beforeAll(async () => {
  api = await startAdminApi();
  organizationId = (await api.call('createOrganization', { body: { name: 'Acme', plan: 'free' } })).id;
  await append({ resource: { type: 'User', id: 'u1', name: '=HYPERLINK("x")' }, message: 'Created, "quoted".' });
  await append({
    action: 'UPDATE',
    status: 'FAILED',
    message: '100% wrong\nnext line',
    cause: { ...systemCause, requestId: 'r1' },
  });
  await append({
    action: 'SYNC_ACCESS',
    status: 'SKIPPED',
    jobId,
    attempt: 2,
    resource: { type: 'Job', id: jobId, name: null },
    cause: { actor: { type: 'scim_token', id: 't1', name: '+Okta' }, requestId: null },
  });
});
afterAll(() => api.close());

async function append(entry: Partial<SyncLogEntryInput>): Promise<void> {
  await appendEntry(api.db, {
    organizationId,
    action: 'CREATE',
    status: 'SUCCESS',
    resource: { type: 'User', id: 'u2', name: 'bea@acme.example' },
    cause: systemCause,
    message: 'Done.',
    ...entry,
  });
}

describe('the sync log', () => {
  test.each([
    [{}, ['SYNC_ACCESS', 'UPDATE', 'CREATE', 'CREATE_ORGANIZATION']],
    [{ status: 'FAILED' }, ['UPDATE']],
    [{ action: 'CREATE' }, ['CREATE']],
    [{ resourceType: 'Job' }, ['SYNC_ACCESS']],
    [{ resourceId: 'u2' }, ['UPDATE']],
    [{ actorType: 'scim_token' }, ['SYNC_ACCESS']],
    [{ actorId: 't1' }, ['SYNC_ACCESS']],
    [{ q: 'BEA@' }, ['UPDATE']],
    [{ q: '0% w' }, ['UPDATE']],
    [{ q: '%' }, ['UPDATE']],
    [{ q: 'okta' }, ['SYNC_ACCESS']],
    [{ requestId: 'r1' }, ['UPDATE']],
    [{ jobId }, ['SYNC_ACCESS']],
    [{ jobId: 'no-id' }, []],
    [{ from: '2020-01-01T00:00:00Z' }, ['SYNC_ACCESS', 'UPDATE', 'CREATE', 'CREATE_ORGANIZATION']],
    [{ from: '2999-01-01T00:00:00+02:00' }, []],
    [{ to: '2020-01-01T00:00:00Z' }, []],
    [{ status: 'SUCCESS', resourceType: 'User' }, ['CREATE']],
  ] as const)('filtered by %j', async (query, actions) => {
    const { items } = await api.call('listSyncLogs', { params: { organizationId }, query });
    expect(items.map(({ action }) => action)).toEqual(actions);
  });

  test('keeps every part of an entry', async () => {
    const { items } = await api.call('listSyncLogs', { params: { organizationId }, query: { limit: 1 } });
    expect(items).toMatchObject([
      {
        status: 'SKIPPED',
        resource: { type: 'Job', id: jobId, name: null },
        actor: { type: 'scim_token', id: 't1', name: '+Okta' },
        jobId,
        attempt: 2,
        requestId: null,
        details: {},
      },
    ]);
  });

  test('is paged newest first without gaps or repeats', async () => {
    const seen = await allItems((cursor) =>
      api.call('listSyncLogs', {
        params: { organizationId },
        query: { limit: 1, ...(cursor !== undefined && { cursor }) },
      }),
    );
    expect(seen.map(({ action }) => action)).toEqual(['SYNC_ACCESS', 'UPDATE', 'CREATE', 'CREATE_ORGANIZATION']);
  });

  test.each(['status=WRONG', 'from=yesterday', 'action=', 'q=%00', 'format=csv'])(
    'refuses the filter %s',
    async (query) => {
      expect((await api.send('GET', `/organizations/${organizationId}/sync-logs?${query}`)).status).toBe(400);
    },
  );
});

describe('the export', () => {
  test('as CSV disarms formulas, quotes what needs it, and keeps line breaks inside a cell', async () => {
    const response = await api.send('GET', `/organizations/${organizationId}/sync-logs/export?format=csv`);
    expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="sync-log-${organizationId}.csv"`);
    const csv = await response.text();
    const lines = csv.split('\r\n');
    expect(lines[0]).toBe(
      'id,occurredAt,action,status,resourceType,resourceId,resourceName,actorType,actorId,actorName,message,details,requestId,jobId,attempt',
    );
    expect(lines).toHaveLength(6);
    expect(lines[1]).toContain(`SKIPPED,Job,${jobId},,scim_token,t1,'+Okta,Done.,{},,${jobId},2`);
    expect(lines[2]).toContain('"100% wrong\nnext line"');
    expect(lines[3]).toContain(`"'=HYPERLINK(""x"")"`);
    expect(lines[3]).toContain('"Created, ""quoted""."');
  });

  test('as NDJSON is one entry of the list per line', async () => {
    const response = await api.send(
      'GET',
      `/organizations/${organizationId}/sync-logs/export?format=ndjson&status=FAILED`,
    );
    expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    const lines = (await response.text()).trimEnd().split('\n');
    const { items } = await api.call('listSyncLogs', { params: { organizationId }, query: { status: 'FAILED' } });
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(items.map(({ help: _, ...entry }) => entry));
  });

  test('refuses another format', async () => {
    expect((await api.send('GET', `/organizations/${organizationId}/sync-logs/export?format=xml`)).status).toBe(400);
  });
});
