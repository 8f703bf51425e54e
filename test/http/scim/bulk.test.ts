import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const unknownId = '01900000-0000-7000-8000-000000000000';

interface Result {
  method: string;
  bulkId?: string;
  status: string;
  location?: string;
  version?: string;
  response?: { status: string; scimType?: string; detail: string };
}
interface BulkAnswer extends Record<string, unknown> {
  schemas: string[];
  Operations: Result[];
}

let service: TestService;
let acme: TestOrganization;
/** An address belongs to one organization of all, and each test has one of its own. */
let domain: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
beforeEach(async () => {
  acme = await service.organization();
  domain = `d${acme.id}.example`;
});
afterEach(() => service.quiet());
afterAll(() => service.close());

const bulk = (Operations: unknown[], more: object = {}) =>
  acme.scim<BulkAnswer>('POST', '/Bulk', {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
    ...more,
    Operations,
  });
const postUser = (bulkId: string, data: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { userName: `${bulkId}@${domain}`, ...data },
});
const postGroup = (bulkId: string, members: string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((value) => ({ value })) },
});
const patch = (path: string, ...Operations: object[]) => ({ method: 'PATCH', path, data: { Operations } });
const idIn = (result: Result | undefined) => result?.location?.split('/').at(-1) ?? '';

async function entries(): Promise<string[]> {
  const rows = await service.db.query<{ text: string }>(sql`
    SELECT concat_ws(' ', action, resource_type, status) AS text FROM sync_logs
    WHERE organization_id = ${acme.id} AND actor_type = 'scim_token' ORDER BY id`);
  return rows.map(({ text }) => text);
}

describe('a bulk request (RFC 7644 section 3.7)', () => {
  test('does each operation as a request of its own would, with location, version and status', async () => {
    const keep = await acme.user(`keep@${domain}`);
    const drop = await acme.user(`drop@${domain}`);
    const group = await acme.group('Team', [keep]);
    const before = (await entries()).length;
    const { status, body, headers } = await bulk([
      postUser('ann'),
      { method: 'PUT', path: `/Users/${keep}`, data: { userName: `kept@${domain}` } },
      patch(`/Users/${keep}`, { op: 'replace', path: 'title', value: 'Boss' }),
      patch(`/Groups/${group}`, { op: 'add', path: 'members', value: [{ value: keep }] }),
      { method: 'DELETE', path: `/Users/${drop}` },
    ]);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('application/scim+json');
    expect(body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:BulkResponse']);
    const base = `http://rollcall.test/api/v1/scim/${acme.id}/v2`;
    expect(body.Operations).toEqual([
      {
        method: 'POST',
        bulkId: 'ann',
        status: '201',
        version: 'W/"1"',
        location: expect.stringMatching(/\/Users\/[\w-]{36}$/) as string,
      },
      { method: 'PUT', status: '200', version: 'W/"2"', location: `${base}/Users/${keep}` },
      { method: 'PATCH', status: '200', version: 'W/"3"', location: `${base}/Users/${keep}` },
      // Its member was renamed above, which the group shows.
      { method: 'PATCH', status: '204', version: 'W/"2"', location: `${base}/Groups/${group}` },
      { method: 'DELETE', status: '204', location: `${base}/Users/${drop}` },
    ]);
    // One entry each; what changed nothing is SKIPPED.
    expect((await entries()).slice(before)).toEqual([
      'CREATE User SUCCESS',
      'UPDATE User SUCCESS',
      'UPDATE User SUCCESS',
      'ADD_MEMBERS Group SKIPPED',
      'DELETE User SUCCESS',
    ]);
    expect((await acme.scim('GET', `/Users/${keep}`)).body).toMatchObject({
      userName: `kept@${domain}`,
      title: 'Boss',
    });
    expect((await acme.scim('GET', `/Users/${drop}`)).status).toBe(404);
  });

  test('resolves references in any order, chains included, and answers in the order of the request', async () => {
    const { body } = await bulk([
      patch('/Groups/bulkId:team', { op: 'add', path: 'members', value: [{ value: 'bulkId:cyd' }] }),
      postGroup('team', ['bulkId:ann', 'bulkId:bob']),
      postUser('ann', { [enterprise]: { manager: { value: 'bulkId:bob' } } }),
      postUser('bob'),
      postUser('cyd'),
    ]);
    expect(body.Operations.map(({ status, bulkId }) => [status, bulkId])).toEqual([
      ['204', undefined],
      ['201', 'team'],
      ['201', 'ann'],
      ['201', 'bob'],
      ['201', 'cyd'],
    ]);
    const [, team, ann, bob, cyd] = body.Operations;
    const group = await acme.scim<{ members: { value: string }[] }>('GET', `/Groups/${idIn(team)}`);
    expect(group.body.members.map(({ value }) => value).sort()).toEqual([idIn(ann), idIn(bob), idIn(cyd)].sort());
    expect((await acme.scim('GET', `/Users/${idIn(ann)}`)).body[enterprise]).toEqual({
      manager: expect.objectContaining({ value: idIn(bob) }) as object,
    });
  });

  test('refuses a circle with 409, and what depends on it, and does the rest', async () => {
    const { body } = await bulk([
      postUser('ann', { [enterprise]: { manager: { value: 'bulkId:bob' } } }),
      postUser('bob', { [enterprise]: { manager: { value: 'bulkId:ann' } } }),
      postGroup('team', ['bulkId:ann']),
      postUser('cyd'),
    ]);
    expect(body.Operations.map(({ status }) => status)).toEqual(['409', '409', '400', '201']);
    expect(body.Operations[2]?.response).toMatchObject({ status: '400', scimType: 'invalidValue' });
    // RFC 7644 section 3.7.3: location is REQUIRED "except in the case of a POST that failed".
    expect(body.Operations[0]).not.toHaveProperty('location');
    expect(await entries()).toEqual([
      'CREATE User FAILED',
      'CREATE User FAILED',
      'CREATE Group FAILED',
      'CREATE User SUCCESS',
    ]);
  });

  test('a failed operation changes nothing, tells why, and leaves the others alone', async () => {
    const id = await acme.user(`ada@${domain}`);
    const { body } = await bulk([
      postUser('ada'),
      { method: 'PUT', path: `/Users/${unknownId}`, data: { userName: `x@${domain}` } },
      { method: 'DELETE', path: `/Users/${id}`, version: 'W/"7"' },
      patch(`/Users/${id}`, { op: 'replace', path: 'id', value: 'x' }),
      postGroup('team', ['bulkId:ada']),
      postGroup('empty', ['bulkId:nobody']),
      postUser('bob'),
    ]);
    expect(body.Operations.map(({ status, response }) => [status, response?.status, response?.scimType])).toEqual([
      ['409', '409', 'uniqueness'],
      ['404', '404', undefined],
      ['412', '412', undefined],
      ['400', '400', 'mutability'],
      ['400', '400', 'invalidValue'],
      ['400', '400', 'invalidValue'],
      ['201', undefined, undefined],
    ]);
    expect(body.Operations[1]?.location).toMatch(new RegExp(`/Users/${unknownId}$`));
    expect((await entries()).filter((entry) => entry.endsWith('FAILED'))).toHaveLength(6);
    expect((await acme.scim('GET', '/Groups')).body['totalResults']).toBe(0);
  });

  test('a malformed operation is refused alone, with an entry of its own', async () => {
    const { body } = await bulk([
      { method: 'POST', path: '/Users', data: { userName: `nobulkid@${domain}` } },
      { method: 'GET', path: '/Users' },
      { method: 'DELETE', path: '/Nonsense/1' },
      postUser('ann'),
      postUser('ann', { userName: `twice@${domain}` }),
      { method: 'PATCH', path: '/Users', data: {} },
      'text',
      { method: 'POST', path: '/Groups', bulkId: 'team' },
      postUser('bob', { [enterprise]: { manager: { value: 'bulkId:team' } } }),
    ]);
    expect(body.Operations.map(({ status }) => status)).toEqual([
      '400',
      '400',
      '400',
      '201',
      '400',
      '400',
      '400',
      '400',
      '400',
    ]);
    expect(await entries()).toEqual([
      'CREATE User FAILED',
      'UPDATE User FAILED',
      'DELETE Organization FAILED',
      'CREATE User SUCCESS',
      'CREATE User FAILED',
      'UPDATE User FAILED',
      'UPDATE Organization FAILED',
      'CREATE Group FAILED',
      'CREATE User FAILED',
    ]);
  });

  // "failOnErrors: the number of errors that the service provider will accept before the operation is terminated".
  test.each([
    [1, ['201', '400']],
    [2, ['201', '400', '201', '400']],
    [3, ['201', '400', '201', '400', '201']],
  ])('stops after %i errors, and answers what was done until then', async (failOnErrors, expected) => {
    const { body } = await bulk(
      [postUser('a'), postUser('b', { active: '?' }), postUser('c'), postUser('d', { active: '?' }), postUser('e')],
      { failOnErrors },
    );
    expect(body.Operations.map(({ status }) => status)).toEqual(expected);
    expect(await entries()).toHaveLength(expected.length);
  });

  test('1,000 operations in one request, while others are served', async () => {
    const running = bulk(Array.from({ length: 1_000 }, (_, index) => postUser(`u${index}`)));
    let served = 0;
    const progress = { done: false };
    void running.finally(() => (progress.done = true));
    while (!progress.done) {
      expect((await acme.scim('GET', '/Users?count=0')).status).toBe(200);
      served += 1;
    }
    const { body } = await running;
    // A machine that is busy with other tests may not get through all of them in the time that a request has.
    const done = body.Operations.filter(({ status }) => status === '201').length;
    expect(body.Operations.map(({ status }) => status)).toEqual([
      ...Array<string>(done).fill('201'),
      ...Array<string>(1_000 - done).fill('503'),
    ]);
    // One by one they go through the same process, each waiting for the database in between.
    expect(served).toBeGreaterThan(20);
    expect((await acme.scim('GET', '/Users?count=0')).body['totalResults']).toBe(done);
    expect(await entries()).toHaveLength(1_000);
  }, 60_000);

  test('a token that is revoked on the way ends it', async () => {
    const { db } = service;
    const slow = Array.from({ length: 200 }, (_, index) => postUser(`u${index}`));
    const running = bulk(slow);
    for (;;) {
      const [row] = await db.query<{ count: number }>(sql`
        SELECT count(*) AS count FROM users WHERE organization_id = ${acme.id}`);
      if ((row?.count ?? 0) > 0) break;
    }
    await db.query(sql`UPDATE scim_tokens SET revoked_at = now() WHERE organization_id = ${acme.id}`);
    // Holds the next write until the token has to be looked up again.
    await db.transaction(async (tx) => {
      await tx.query(sql`LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE`);
      await tx.query(sql`SELECT pg_sleep(1.1)`);
    });
    const { body } = await running;
    const statuses = body.Operations.map(({ status }) => status);
    expect(statuses[0]).toBe('201');
    expect(statuses.at(-1)).toBe('401');
    expect(await entries()).toHaveLength(200);
  }, 60_000);
});

describe('a bulk request that is refused as a whole', () => {
  test('ServiceProviderConfig advertises the limits', async () => {
    const { body } = await acme.scim('GET', '/ServiceProviderConfig');
    expect(body['bulk']).toEqual({ supported: true, maxOperations: 1_000, maxPayloadSize: 8_388_608 });
  });

  test.each([
    // "If the number of operations exceeds maxOperations ... 413".
    ['too many operations', { Operations: Array.from({ length: 1_001 }, () => ({})) }, 413, /1000 \(maxOperations\)/],
    // "If the size of the bulk operation exceeds maxPayloadSize ... 413".
    ['too large a payload', { Operations: [postUser('a', { nickName: 'x'.repeat(8_400_000) })] }, 413, /8388608 bytes/],
    ['no operations', {}, 400, /Operations/],
    ['another message', { schemas: ['urn:x'], Operations: [] }, 400, /schemas/],
    ['a failOnErrors of 0', { failOnErrors: 0, Operations: [] }, 400, /failOnErrors/],
  ])('%s', async (_what, body, status, detail) => {
    const answer = await acme.scim('POST', '/Bulk', body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      detail: expect.stringMatching(detail) as string,
    });
    expect(await entries()).toEqual([]);
  });

  test('GET /Bulk answers 405', async () => {
    const answer = await acme.scim('GET', '/Bulk');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
