import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../../src/platform/ids.ts';
import { scimOrganization } from './fixtures.ts';
import { startAdminApi, type AdminApi } from './start-admin-api.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

/** A group that the identity provider pushed, with one member, without going through SCIM. */
async function pushGroup(organizationId: string, domain: string): Promise<{ groupId: string; userId: string }> {
  const [groupId, userId] = [newId(), newId()];
  await api.db.query(sql`
    WITH g AS (
      INSERT INTO groups (organization_id, id, display_name, external_id)
      VALUES (${organizationId}::uuid, ${groupId}::uuid, 'Engineering', 'ext-1')
    ), u AS (
      INSERT INTO users (organization_id, id, managed_by, user_name, email)
      VALUES (${organizationId}::uuid, ${userId}::uuid, 'directory', ${`a@${domain}`}, ${`a@${domain}`})
    )
    INSERT INTO group_members (organization_id, group_id, user_id)
    VALUES (${organizationId}::uuid, ${groupId}::uuid, ${userId}::uuid)`);
  return { groupId, userId };
}

test('a pushed group appears by itself, is mapped, and answers with the mapping', async () => {
  const { organizationId, domain } = await scimOrganization(api);
  const params = { organizationId };
  const { groupId } = await pushGroup(organizationId, domain);
  const { items } = await api.call('listGroups', { params });
  expect(items).toEqual([
    {
      id: groupId,
      displayName: 'Engineering',
      externalId: 'ext-1',
      memberCount: 1,
      updatedAt: items[0]?.updatedAt,
      mapping: null,
    },
  ]);
  const group = { ...params, groupId };
  expect(await api.call('getMapping', { params: group })).toEqual({ workspaceIds: [], role: null, updatedAt: null });

  const workspace = await api.call('createWorkspace', { params, body: { name: 'Design' } });
  const body = { workspaceIds: [workspace.id], role: 'admin' as const };
  const preview = await api.call('previewMapping', { params: group, body });
  expect(preview).toMatchObject({ users: 1, grants: 1, revokes: 0, roleChanges: 1, losesLastAdmin: false });

  const nudges = api.nudges();
  const { jobId } = await api.call('saveMapping', { params: group, body });
  expect(api.nudges()).toBe(nudges + 1);
  expect(await api.call('getJob', { params: { ...params, jobId } })).toMatchObject({
    queue: 'workspace-mapping',
    status: 'pending',
    payload: { scope: 'group', groupId },
  });
  expect(await api.call('getMapping', { params: group })).toMatchObject(body);
  expect((await api.call('getGroup', { params: group })).mapping).toMatchObject(body);
});

test('losing the last admin needs a confirmation', async () => {
  const { organizationId, domain } = await scimOrganization(api);
  const params = { organizationId };
  const { groupId } = await pushGroup(organizationId, domain);
  const group = { ...params, groupId };
  await api.call('saveMapping', { params: group, body: { workspaceIds: [], role: 'admin' } });
  const body = { workspaceIds: [], role: 'viewer' as const };
  expect((await api.call('previewMapping', { params: group, body })).losesLastAdmin).toBe(true);
  expect((await api.refuse('saveMapping', 409, { params: group, body })).code).toBe('last-admin');
  expect((await api.call('getMapping', { params: group })).role).toBe('admin');
  await api.call('saveMapping', { params: group, body: { ...body, confirm: true } });
  expect((await api.call('getMapping', { params: group })).role).toBe('viewer');
});

test('an unknown workspace is named', async () => {
  const { organizationId, domain } = await scimOrganization(api);
  const { groupId } = await pushGroup(organizationId, domain);
  for (const id of [newId(), 'no-id']) {
    const refusal = await api.refuse('saveMapping', 400, {
      params: { organizationId, groupId },
      body: { workspaceIds: [id], role: null },
    });
    expect(refusal.detail).toContain(id);
  }
});

test('failed jobs are listed, counted in a dry run, and replayed', async () => {
  const { organizationId } = await scimOrganization(api);
  const params = { organizationId };
  await api.db.query(sql`
    UPDATE sync_jobs SET status = 'failed', error = 'The disk was full.' WHERE organization_id = ${organizationId}::uuid`);
  expect((await api.call('listJobs', { params, query: { status: 'failed' } })).items).toHaveLength(1);
  expect((await api.call('listAllJobs', { query: { organizationId, status: 'failed' } })).items).toHaveLength(1);
  const filter = { reason: 'DISK', queue: 'workspace-mapping' } as const;
  expect(await api.call('replayJobs', { params, body: { ...filter, dryRun: true } })).toEqual({
    matched: 1,
    replayed: 0,
    dryRun: true,
    replayId: null,
  });
  expect(await api.call('replayJobs', { params, body: { reason: 'other' } })).toMatchObject({ replayed: 0 });
  expect(await api.call('replayAllJobs', { body: { ...filter, organizationId } })).toMatchObject({ replayed: 1 });
  expect(await api.call('replayJobs', { params, body: {} })).toMatchObject({ matched: 0, replayed: 0 });
});

test('a resync answers with its job', async () => {
  const { organizationId } = await scimOrganization(api);
  const params = { organizationId };
  const { jobId } = await api.call('resync', { params });
  expect(await api.call('getJob', { params: { ...params, jobId } })).toMatchObject({
    payload: { scope: 'organization' },
  });
});
