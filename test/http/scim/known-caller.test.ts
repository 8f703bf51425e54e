import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

let service: TestService;
let acme: TestOrganization;
let userId: string;
let groupId: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
beforeEach(async () => {
  acme = await service.organization();
  userId = await acme.user(`ada@d${acme.id}.example`);
  groupId = await acme.group('Team', [userId]);
  await service.quiet();
});
afterAll(() => service.close());

const name = () => ({ userName: `bob@d${acme.id}.example` });
const replace = (path: string, value: unknown) => ({ Operations: [{ op: 'replace', path, value }] });
const requests: [string, string, () => string, () => unknown][] = [
  ['a user is read', 'GET', () => `/Users/${userId}`, () => undefined],
  ['users are listed', 'GET', () => '/Users', () => undefined],
  ['users are counted', 'GET', () => '/Users?count=0', () => undefined],
  ['a user is looked up', 'GET', () => '/Users?filter=userName+eq+%22ada%22', () => undefined],
  ['nobody can be found', 'GET', () => '/Users?filter=id+eq+%22x%22', () => undefined],
  ['users are walked', 'GET', () => '/Users?cursor=&count=1', () => undefined],
  ['a group is read', 'GET', () => `/Groups/${groupId}`, () => undefined],
  ['groups are listed', 'GET', () => '/Groups', () => undefined],
  ['a user is created', 'POST', () => '/Users', name],
  ['a user is replaced', 'PUT', () => `/Users/${userId}`, name],
  ['a user is patched', 'PATCH', () => `/Users/${userId}`, () => replace('active', false)],
  ['a user is deleted', 'DELETE', () => `/Users/${userId}`, () => undefined],
  ['a group is created', 'POST', () => '/Groups', () => ({ displayName: 'Other' })],
  ['a group is replaced', 'PUT', () => `/Groups/${groupId}`, () => ({ displayName: 'Other', members: [] })],
  ['a group is patched', 'PATCH', () => `/Groups/${groupId}`, () => replace('members', [])],
  ['a group is deleted', 'DELETE', () => `/Groups/${groupId}`, () => undefined],
  ['a bulk is sent', 'POST', () => '/Bulk', () => ({ Operations: [{ method: 'DELETE', path: `/Users/${userId}` }] })],
  ['a search is sent', 'POST', () => '/Users/.search', () => ({ count: 1 })],
  ['groups are searched', 'POST', () => '/Groups/.search', () => ({ count: 1 })],
  ['all is searched', 'POST', () => '/.search', () => ({ count: 1 })],
  ['features are asked for', 'GET', () => '/ServiceProviderConfig', () => undefined],
  ['schemas are asked for', 'GET', () => '/Schemas', () => undefined],
  ['an id is no id', 'GET', () => '/Users/nobody', () => undefined],
  ['a filter is wrong', 'GET', () => '/Users?filter=nonsense', () => undefined],
  ['a body is wrong', 'POST', () => '/Users', () => ({ userName: 7 })],
  ['a patch is wrong', 'PATCH', () => `/Groups/${groupId}`, () => ({ Operations: [] })],
  ['a method is wrong', 'DELETE', () => '/Users', () => undefined],
  ['there is no such endpoint', 'GET', () => '/Persons', () => undefined],
  ['/Me is asked for', 'GET', () => '/Me', () => undefined],
];

/** Everything that a request could leave. */
async function traces(): Promise<unknown> {
  return service.db.query(sql`
    SELECT (SELECT jsonb_agg(to_jsonb(u) ORDER BY id) FROM users u WHERE organization_id = ${acme.id}::uuid) AS users,
      (SELECT jsonb_agg(to_jsonb(g) ORDER BY id) FROM groups g WHERE organization_id = ${acme.id}::uuid) AS groups,
      (SELECT count(*) FROM group_members WHERE organization_id = ${acme.id}::uuid) AS members,
      (SELECT count(*) FROM sync_logs WHERE organization_id = ${acme.id}::uuid) AS entries`);
}

// What takes the right to call away, as another process would do it: this one hears nothing of it.
const endings: [string, number, () => Promise<unknown>][] = [
  [
    'the token is revoked',
    401,
    () => service.db.query(sql`UPDATE scim_tokens SET revoked_at = now() WHERE organization_id = ${acme.id}::uuid`),
  ],
  [
    'the token expires',
    401,
    () => service.db.query(sql`UPDATE scim_tokens SET expires_at = now() WHERE organization_id = ${acme.id}::uuid`),
  ],
  [
    'the organization leaves SCIM',
    401,
    () => service.db.query(sql`UPDATE organizations SET provisioning_mode = 'manual' WHERE id = ${acme.id}::uuid`),
  ],
  [
    'the plan ends',
    403,
    () => service.db.query(sql`UPDATE organizations SET plan = 'free' WHERE id = ${acme.id}::uuid`),
  ],
  [
    'the SSO connection is switched off',
    403,
    () =>
      service.db.query(sql`UPDATE sso_connections SET status = 'inactive' WHERE organization_id = ${acme.id}::uuid`),
  ],
  [
    'the last domain goes',
    403,
    () => service.db.query(sql`DELETE FROM domains WHERE organization_id = ${acme.id}::uuid`),
  ],
];

// RFC 7644 section 2: whoever is not authorized gets 401 or 403, whatever it asked for.
describe.each(endings)('from the next request on after %s', (_ending, status, end) => {
  test.each(requests)(`when %s the answer is ${status}, and nothing is left`, async (_what, method, path, body) => {
    expect((await acme.scim('GET', `/Users/${userId}`)).status).toBe(200);
    await end();
    const before = await traces();
    // Twice: also the one after the one that noticed.
    for (const turn of [1, 2]) {
      const answer = await acme.scim(method, path(), body());
      expect([turn, answer.status]).toEqual([turn, status]);
    }
    expect(await traces()).toEqual(before);
  });
});

describe('a setting that changes while callers are known', () => {
  test('holds from the next request on: what was refused before is let through', async () => {
    const login = { userName: 'not an address' };
    expect((await acme.scim('POST', '/Users', login)).status).toBe(400);
    await service.db.query(sql`UPDATE organizations SET user_name_format = 'any' WHERE id = ${acme.id}::uuid`);
    expect((await acme.scim('POST', '/Users', login)).status).toBe(201);
  });

  test('and what was let through is refused, with one FAILED entry', async () => {
    await service.db.query(sql`UPDATE organizations SET user_name_format = 'any' WHERE id = ${acme.id}::uuid`);
    expect((await acme.scim('POST', '/Users', { userName: 'first login' })).status).toBe(201);
    await service.db.query(sql`UPDATE organizations SET user_name_format = 'email' WHERE id = ${acme.id}::uuid`);
    expect((await acme.scim('POST', '/Users', { userName: 'second login' })).status).toBe(400);
    const [failed] = await service.db.query(sql`
      SELECT count(*) AS count FROM sync_logs WHERE organization_id = ${acme.id}::uuid AND status = 'FAILED'`);
    expect(failed?.['count']).toBe(1);
  });
});

describe('a known caller whose body is still on its way', () => {
  const revoke = () =>
    service.db.query(sql`UPDATE scim_tokens SET revoked_at = now() WHERE organization_id = ${acme.id}::uuid`);
  const body = () => JSON.stringify(name());
  /** Has sent all but the last byte of its body, and the service has begun to read it. */
  async function begin(): Promise<ClientRequest> {
    expect((await acme.scim('GET', `/Users/${userId}`)).status).toBe(200);
    const sent = request(`${acme.baseUrl}/Users`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${acme.token}`,
        'content-type': 'application/scim+json',
        'content-length': Buffer.byteLength(body()),
        expect: '100-continue',
      },
    });
    sent.flushHeaders();
    sent.write(body().slice(0, -1));
    // One that came later on another connection is answered: this one's headers are read.
    expect((await acme.scim('GET', `/Users/${userId}`)).status).toBe(200);
    return sent;
  }

  test('writes nothing, and leaves nothing, when its token is revoked meanwhile', async () => {
    const sent = await begin();
    await revoke();
    const before = await traces();
    sent.end(body().slice(-1));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(401);
    expect(await traces()).toEqual(before);
  });

  test('leaves nothing when its token is revoked and it goes away', async () => {
    const sent = await begin();
    sent.on('error', () => undefined);
    await revoke();
    const before = await traces();
    sent.destroy();
    await expect.poll(() => service.logLines.some((line) => line.includes('"aborted":true'))).toBe(true);
    expect(await traces()).toEqual(before);
  });
});

describe('a body that is refused stays refused when a setting changes at that moment', () => {
  test.each([
    ['is no JSON', '{bad', 'application/scim+json', 400],
    ['has another content type', '{}', 'text/plain', 415],
  ])('when it %s', async (_what, body, type, status) => {
    const remove = () =>
      fetch(`${acme.baseUrl}/Users/${userId}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${acme.token}`, 'content-type': type },
        body,
      });
    expect((await remove()).status).toBe(status);
    await service.db.query(sql`UPDATE organizations SET user_name_format = 'any' WHERE id = ${acme.id}::uuid`);
    expect((await remove()).status).toBe(status);
    expect((await acme.scim('GET', `/Users/${userId}`)).status).toBe(200);
  });
});
