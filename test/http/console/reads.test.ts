import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccessEndsAnswer } from '../../../src/contract/users.ts';
import type { JobOutcomeAnswer } from '../../../src/contract/jobs.ts';
import { readAccessEnds } from '../../../src/access/access-ends.ts';
import { NotFoundError } from '../../../src/platform/errors.ts';
import { newId } from '../../../src/platform/ids.ts';
import { read } from './read.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
afterAll(() => service.close());

const outcome = (organization: TestOrganization, jobId: string) =>
  read(service, 'getJobOutcome', { params: { organizationId: organization.id, jobId } });
const setup = (organization: { id: string }) =>
  read(service, 'getSetup', { params: { organizationId: organization.id } });

async function untilEnded(organization: TestOrganization, jobId: string): Promise<JobOutcomeAnswer[]> {
  const seen: JobOutcomeAnswer[] = [];
  for (;;) {
    const now = await outcome(organization, jobId);
    seen.push(now);
    if (now.state !== 'waiting' && now.state !== 'running') return seen;
  }
}

describe('the set-up', () => {
  test('says what is missing, and turns green with the first calls', async () => {
    const created = await service.admin('POST', '/organizations', { name: 'New', plan: 'free' });
    const fresh = { id: String(created.body['id']) };
    const before = await setup(fresh);
    expect(before).toMatchObject({
      mode: 'manual',
      directorySyncActive: false,
      prerequisites: { planAllows: false, ssoIsActive: false, hasVerifiedDomain: false },
      firstTokenAcceptedAt: null,
      firstUser: null,
      users: 0,
    });
    expect(before.missing).toHaveLength(3);

    const acme = await service.organization();
    expect(await setup(acme)).toMatchObject({
      directorySyncActive: true,
      missing: [],
      lastRequestAt: null,
    });
    const user = await acme.user(`ada@${acme.id}.example`);
    const accepted = await setup(acme);
    expect(accepted.firstTokenAcceptedAt).not.toBeNull();
    expect(accepted).toMatchObject({ firstUser: { id: user }, firstGroup: null, firstMembership: null, users: 1 });
    const empty = await acme.group('Empty');
    const full = await acme.group('Full', [user]);
    await acme.mapping(full, { workspaceIds: [], role: 'admin' });
    expect(await setup(acme)).toMatchObject({
      firstGroup: { id: empty, name: 'Empty' },
      firstMembership: { id: full, name: 'Full' },
      firstMapping: { id: full },
      groups: 2,
      mappedGroups: 1,
    });
  });

  test('a new token tells when it was used first, and the old one when it ends', async () => {
    const acme = await service.organization();
    await acme.scim('GET', '/Users?count=0');
    const rotated = await service.admin('POST', `/organizations/${acme.id}/scim-tokens/rotate`);
    const tokens = async () => {
      const { body } = await service.admin<{ items: Record<string, string | null>[] }>(
        'GET',
        `/organizations/${acme.id}/scim-tokens`,
      );
      return body.items;
    };
    const [fresh, old] = await tokens();
    expect(fresh).toMatchObject({ firstUsedAt: null, lastUsedAt: null, expiresAt: null });
    expect(old?.['firstUsedAt']).not.toBeNull();
    expect(old?.['expiresAt']).toBe(rotated.body['previousTokenExpiresAt']);
    await acme.scim('GET', '/Users?count=0', undefined, { authorization: `Bearer ${String(rotated.body['token'])}` });
    const [used] = await tokens();
    const first = used?.['firstUsedAt'];
    expect(first).not.toBeNull();
    // It stays the first.
    await service.db.query(sql`
      UPDATE scim_tokens SET last_used_at = now() - interval '2 min' WHERE organization_id = ${acme.id}`);
    await acme.scim('GET', '/Users?count=0', undefined, { authorization: `Bearer ${String(rotated.body['token'])}` });
    const [again] = await tokens();
    expect(again?.['firstUsedAt']).toBe(first);
  });
});

describe('the outcome of a job', () => {
  test('of a mapping is followed from waiting to applied, and stays known', async () => {
    const acme = await service.organization();
    const users = await Promise.all([1, 2, 3].map((n) => acme.user(`u${n}@${acme.id}.example`)));
    const group = await acme.group('Engineering', users);
    await service.quiet();
    const { body } = await acme.mapping(group, { workspaceIds: [await acme.workspace('Backend')], role: 'developer' });
    const seen = await untilEnded(acme, String(body['jobId']));
    expect(seen.at(-1)).toMatchObject({
      state: 'applied',
      progress: { done: 3, total: 3, changed: 3 },
      message: 'Members of Engineering: 3 checked, access of 3 changed.',
      failure: null,
    });
    const entry = await service.admin<{ items: { id: string }[] }>(
      'GET',
      `/organizations/${acme.id}/sync-logs?jobId=${String(body['jobId'])}&resourceType=GroupMapping&action=SYNC_ACCESS`,
    );
    expect(entry.body.items.map(({ id }) => id)).toEqual([seen.at(-1)?.entryId]);
  });

  test('of a mapping that changes nothing is applied too', async () => {
    const acme = await service.organization();
    const group = await acme.group('Nobody');
    const { body } = await acme.mapping(group, { workspaceIds: [], role: null });
    expect((await untilEnded(acme, String(body['jobId']))).at(-1)).toMatchObject({
      state: 'applied',
      progress: { done: 0, total: 0, changed: 0 },
    });
  });

  test('of a job without a walk counts its users', async () => {
    const acme = await service.organization();
    await acme.user(`solo@${acme.id}.example`);
    await service.quiet();
    const [row] = await service.db.query<{ id: string }>(sql`
      SELECT DISTINCT job_id AS id FROM sync_logs WHERE organization_id = ${acme.id} AND resource_type = 'User' AND job_id IS NOT NULL`);
    expect(await outcome(acme, row?.id ?? '')).toMatchObject({ state: 'applied', progress: { done: 1, total: 1 } });
  });

  test('of a resync while directory sync is paused is skipped', async () => {
    const acme = await service.organization();
    await service.admin('PUT', `/organizations/${acme.id}/provisioning`, { mode: 'manual', confirm: true });
    const { body } = await service.admin('POST', `/organizations/${acme.id}/resync`);
    const seen = await untilEnded(acme, String(body['jobId']));
    expect(seen.at(-1)).toMatchObject({ state: 'skipped', progress: null });
    expect(seen.at(-1)?.message).toContain('The provisioning mode is not SCIM.');
  });

  test('of a failed job says whose turn it is', async () => {
    const acme = await service.organization();
    const id = newId();
    await service.db.query(sql`
      INSERT INTO sync_jobs (id, organization_id, queue, payload, status, attempts, error, failure_code, failure_class)
      VALUES (${id}, ${acme.id}, 'group-membership', '{"userIds":[]}', 'failed', 3, 'It broke.', 'database-busy', 'retry')`);
    expect(await outcome(acme, id)).toMatchObject({
      state: 'failed',
      message: 'It broke.',
      failure: { class: 'retry' },
    });
    await service.db.query(sql`DELETE FROM sync_jobs WHERE id = ${id}`);
  });

  test.each([newId(), 'no-id'])('of %s is 404', async (id) => {
    const acme = await service.organization();
    const answer = await service.admin('GET', `/organizations/${acme.id}/jobs/${id}/outcome`);
    expect([answer.status, answer.body['code']]).toEqual([404, 'job-not-found']);
  });
});

describe('when access ended', () => {
  async function memberOf(acme: TestOrganization, ...names: string[]) {
    const user = await acme.user(`ada@${acme.id}.example`);
    const groups: string[] = [];
    for (const name of names) {
      const group = await acme.group(name, [user]);
      await acme.mapping(group, { workspaceIds: [await acme.workspace(name)], role: null });
      groups.push(group);
    }
    await service.quiet();
    return { user, groups };
  }
  const ends = (acme: TestOrganization, user: string): Promise<AccessEndsAnswer> =>
    read(service, 'getAccessEnds', { params: { organizationId: acme.id, userId: user } });
  const setActive = (acme: TestOrganization, user: string, active: boolean) =>
    acme.scim('PATCH', `/Users/${user}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: active }],
    });

  test('by deactivation: at its commit, for every workspace; and nothing once they are back', async () => {
    const acme = await service.organization();
    const { user } = await memberOf(acme, 'Alpha', 'Beta');
    expect(await ends(acme, user)).toEqual({
      endedAt: null,
      endedBy: null,
      entryId: null,
      workspaces: [],
      complete: true,
    });
    await setActive(acme, user, false);
    await service.quiet();
    const left = await ends(acme, user);
    expect(left.endedBy).toBe('DEACTIVATE');
    expect(left.workspaces.map(({ name }) => name).toSorted()).toEqual(['Alpha', 'Beta']);
    for (const { endedAt, removedAt } of left.workspaces) {
      expect(endedAt).toBe(left.endedAt);
      expect(Date.parse(removedAt)).toBeGreaterThanOrEqual(Date.parse(endedAt));
    }
    await setActive(acme, user, true);
    await service.quiet();
    expect(await ends(acme, user)).toMatchObject({ endedAt: null, workspaces: [] });
  });

  test('by leaving a group: that workspace alone, and not one that is still granted by hand', async () => {
    const acme = await service.organization();
    const { user, groups } = await memberOf(acme, 'Alpha', 'Beta', 'Gamma');
    const { body } = await service.admin<{ items: { id: string; name: string }[] }>(
      'GET',
      `/organizations/${acme.id}/workspaces`,
    );
    const gamma = body.items.find(({ name }) => name === 'Gamma')?.id ?? '';
    await service.admin('PUT', `/organizations/${acme.id}/workspaces/${gamma}/members/${user}`);
    for (const group of [groups[0], groups[2]]) await acme.scim('DELETE', `/Groups/${group ?? ''}`);
    await service.quiet();
    const left = await ends(acme, user);
    expect(left.endedAt).toBeNull();
    expect(left.workspaces.map(({ name }) => name)).toEqual(['Alpha']);
    await service.admin('DELETE', `/organizations/${acme.id}/workspaces/${gamma}/members/${user}`);
    expect((await ends(acme, user)).workspaces.map(({ name }) => name)).toEqual(['Gamma', 'Alpha']);
  });

  test('by deletion: also of somebody who is not there any more', async () => {
    const acme = await service.organization();
    const { user } = await memberOf(acme, 'Alpha');
    await acme.scim('DELETE', `/Users/${user}`);
    await service.quiet();
    const left = await ends(acme, user);
    expect(left).toMatchObject({ endedBy: 'DELETE', workspaces: [{ name: 'Alpha' }] });
    expect(left.workspaces[0]?.endedAt).toBe(left.endedAt);
    const other = await service.organization();
    expect((await service.admin('GET', `/organizations/${other.id}/users/${user}/access-ends`)).status).toBe(404);
  });

  test('longer ago than entries are kept: not told any more', async () => {
    const acme = await service.organization();
    const { user } = await memberOf(acme, 'Alpha');
    await setActive(acme, user, false);
    await service.quiet();
    await service.db.query(sql`
      UPDATE sync_logs SET occurred_at = occurred_at - interval '31 days' WHERE organization_id = ${acme.id}`);
    const kept = { retentionDays: 30 };
    expect(await readAccessEnds(service.db, acme.id, user, kept)).toMatchObject({ endedAt: null, workspaces: [] });
    expect(await readAccessEnds(service.db, acme.id, user, { retentionDays: 32 })).toMatchObject({
      endedBy: 'DEACTIVATE',
      workspaces: [{ name: 'Alpha' }],
    });
    await service.db.query(sql`DELETE FROM users WHERE organization_id = ${acme.id} AND id = ${user}`);
    await expect(readAccessEnds(service.db, acme.id, user, kept)).rejects.toThrow(NotFoundError);
  });
});
