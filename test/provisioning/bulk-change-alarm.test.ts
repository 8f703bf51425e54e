import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { latestBulkChangeAlarm, watchBulkChanges } from '../../src/provisioning/bulk-change-alarm.ts';
import { startService, type TestOrganization, type TestService } from '../support/service.ts';

const limits = { users: 50, percent: 20, windowMinutes: 60 };

let service: TestService;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
afterAll(() => service.close());

const look = (over: Partial<typeof limits> = {}) => watchBulkChanges(service.db, { ...limits, ...over })();

async function alarmsOf(organization: TestOrganization) {
  const { body } = await service.admin<{ items: Record<string, unknown>[] }>(
    'GET',
    `/organizations/${organization.id}/sync-logs?action=BULK_CHANGE_ALARM`,
  );
  return body.items;
}

async function users(organization: TestOrganization, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) ids.push(await organization.user(`u${i}@${organization.id}.example`));
  return ids;
}

const deactivation = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', value: { active: false } }],
};

describe('the bulk-change alarm', () => {
  test('is raised once per token and window when a share of the active users was deactivated, deleted or removed', async () => {
    const acme = await service.organization({ name: 'Acme' });
    const ids = await users(acme, 30);
    const group = await acme.group('Everybody', ids.slice(10, 14));
    for (const id of ids.slice(0, 6)) await acme.scim('PATCH', `/Users/${id}`, deactivation);
    for (const id of ids.slice(6, 8)) await acme.scim('DELETE', `/Users/${id}`);
    expect(await look()).toBe(0);

    const removed = await acme.scim('PATCH', `/Groups/${group}`, {
      ...deactivation,
      Operations: ids.slice(10, 12).map((value) => ({ op: 'remove', path: `members[value eq "${value}"]` })),
    });
    expect(removed.status).toBeLessThan(300);
    expect(await Promise.all([look(), look(), look()]).then((raised) => raised.reduce((a, b) => a + b))).toBe(1);
    expect(await look()).toBe(0);

    const [alarm, ...others] = await alarmsOf(acme);
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({
      status: 'SUCCESS',
      resource: { type: 'ScimToken' },
      actor: { type: 'system' },
      details: { users: 10, activeUsers: 30, deactivated: 6, deleted: 2, membershipsRemoved: 2, windowMinutes: 60 },
    });
    expect(alarm?.['message']).toMatch(/^The token rc_scim_\S+ .* 10 of 30 active users within 60 minutes/);
    const provisioning = await service.admin('GET', `/organizations/${acme.id}/provisioning`);
    expect(provisioning.body).toMatchObject({
      mode: 'scim',
      bulkChangeAlarm: { users: 10, activeUsers: 30, message: alarm?.['message'] },
    });
    // Nothing was held back.
    expect((await acme.scim('GET', `/Users/${ids[0] ?? ''}`)).body).toMatchObject({ active: false });
  });

  test('goes by the number as well, counts members that no entry names, and a deleted group', async () => {
    const acme = await service.organization({ name: 'Large' });
    const { db } = service;
    await db.query(sql`
      INSERT INTO users (organization_id, id, managed_by, user_name)
      SELECT ${acme.id}, new_id(), 'directory', 'x' || n || '@large.example' FROM generate_series(1, 400) AS n`);
    const members = await db.query<{ id: string }>(sql`SELECT id FROM users WHERE organization_id = ${acme.id}`);
    const group = await acme.group(
      'All',
      members.slice(0, 300).map(({ id }) => id),
    );
    expect(await look({ users: 299, percent: 100 })).toBe(0);
    expect((await acme.scim('DELETE', `/Groups/${group}`)).status).toBe(204);
    expect(await look({ users: 300, percent: 100 })).toBe(0);
    expect(await look({ users: 299, percent: 100 })).toBe(1);
    expect(await alarmsOf(acme)).toMatchObject([{ details: { users: 300, activeUsers: 400, limitUsers: 299 } }]);
  });

  test.each([
    { name: 'what few people of a small organization were', remove: 5, among: 8 },
    { name: 'changes that are older than the window', remove: 12, among: 20, ageMinutes: 61 },
    { name: 'what no token did', remove: 12, among: 20, actorType: 'admin' },
    { name: 'what was refused', remove: 12, among: 20, status: 'FAILED' },
    { name: 'what no limit is set for', remove: 12, among: 20, over: { users: null, percent: null } },
  ])('ignores $name', async ({ remove, among, ageMinutes = 0, actorType, status, over }) => {
    const acme = await service.organization();
    const { db } = service;
    await db.query(sql`
      INSERT INTO users (organization_id, id, managed_by, user_name)
      SELECT ${acme.id}, new_id(), 'directory', ${acme.id} || n FROM generate_series(1, ${among}::integer) AS n`);
    await db.query(sql`
      INSERT INTO sync_logs (organization_id, occurred_at, action, status, resource_type, resource_id, actor_type,
        actor_id, actor_name, message)
      SELECT ${acme.id}, now() - make_interval(mins => ${ageMinutes}::integer), 'DELETE', ${status ?? 'SUCCESS'}, 'User',
        new_id()::text, ${actorType ?? 'scim_token'}, 'token', 'rc_scim_…', 'Deleted.'
      FROM generate_series(1, ${remove}::integer)`);
    const watch = watchBulkChanges(db, { ...limits, ...over });
    expect(await watch()).toBe(0);
    expect(await latestBulkChangeAlarm(db, acme.id)).toBeNull();
  });

  test('a later look finds what happened since the one before', async () => {
    const acme = await service.organization();
    const ids = await users(acme, 12);
    const watch = watchBulkChanges(service.db, limits);
    // What the tests before have left.
    await watch();
    for (const id of ids.slice(0, 10)) await acme.scim('PATCH', `/Users/${id}`, deactivation);
    expect(await watch()).toBe(1);
    expect(await watch()).toBe(0);
  });
});
