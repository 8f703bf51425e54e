/** While others are active an organization has its turns one after the other; alone it is not held back. */
import { request, type ClientRequest } from 'node:http';
import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Exchange } from '../../../src/http/scim/exchange.ts';
import { takeTurn } from '../../../src/http/scim/fair-turns.ts';
import { maxBodyBytes } from '../../../src/http/scim/scim-limits.ts';
import { deadlineAt } from '../../../src/platform/deadline.ts';
import { createFairShares, type FairShares } from '../../../src/rate-limit/fair-shares.ts';
import { startService, type Answer, type TestOrganization, type TestService } from '../../support/service.ts';

/** Of the shares alone, and it stands: whoever waits does so until something happens, however busy the machine is. */
let now = 0;
const shares = createFairShares({ atOnce: 1, now: () => now });
/** How many requests have come, and how many of them wait or have waited. */
let came = 0;
let waited = 0;
const watched: FairShares = {
  ...shares,
  begin: (key) => {
    came += 1;
    return shares.begin(key);
  },
  wait: (...of) => {
    waited += 1;
    return shares.wait(...of);
  },
};

let service: TestService;
let flood: TestOrganization;
let neighbour: TestOrganization;
/** Users of the flooding organization. */
let ada: string;
let bob: string;
let releases: (() => Promise<void>)[];

beforeAll(async () => {
  service = await startService({ engine: 'postgres', shares: watched });
});
beforeEach(async () => {
  now += 60_000;
  neighbour = await service.organization({ name: 'Neighbour' });
  flood = await service.organization({ name: 'Flood' });
  ada = await flood.user(`ada@d${flood.id}.example`);
  bob = await flood.user(`bob@d${flood.id}.example`);
  await service.quiet();
  [came, waited, releases] = [0, 0, []];
});
afterEach(async () => {
  await Promise.all(releases.map((release) => release()));
  await service.quiet();
});
afterAll(() => service.close());

/** Locks a user, so that a write of it is held. @returns what lets it go on */
async function lock(userId: string): Promise<() => Promise<void>> {
  const client = await service.db.pool.connect();
  await client.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0');
  await client.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]);
  let isLocked = true;
  const release = async (): Promise<void> => {
    if (!isLocked) return;
    isLocked = false;
    await client.query('ROLLBACK');
    client.release();
  };
  releases.push(release);
  return release;
}

const title = (value: string) => ({ Operations: [{ op: 'replace', path: 'title', value }] });
const isActive = () => neighbour.scim('GET', '/Users?count=1');
const have = (what: () => number, count: number) =>
  vi.waitUntil(() => what() === count, { timeout: 10_000, interval: 2 });

/** One request of the flood has its turn and does not end, while the neighbour is active. @returns what lets it end */
async function holdTurn(): Promise<{ release: () => Promise<void>; held: Promise<{ status: number }> }> {
  const release = await lock(ada);
  expect((await isActive()).status).toBe(200);
  const before = came;
  const held = flood.scim('PATCH', `/Users/${ada}`, title('Held'));
  await have(() => came, before + 1);
  expect(waited).toBe(0);
  return { release, held };
}

/** What has been answered by now. */
function answered(...answers: Promise<unknown>[]): { count: number } {
  const so = { count: 0 };
  for (const answer of answers) void answer.then(() => (so.count += 1));
  return so;
}

/** So named, it can be looked for in the log. */
const waits = { 'x-request-id': 'waits' };

/** What a request that waits could leave. */
async function traces(): Promise<unknown> {
  return service.db.query(sql`
    SELECT (SELECT count(*) FROM users WHERE organization_id = ${flood.id}::uuid) AS users,
      (SELECT count(*) FROM sync_logs WHERE organization_id = ${flood.id}::uuid AND request_id = 'waits') AS entries`);
}

const nothing = [{ users: 2, entries: 0 }];

describe('while another organization is active', () => {
  test('the next requests of the one that floods wait, and those of the other go through at once', async () => {
    const { release, held } = await holdTurn();
    const flooding = [1, 2, 3].map(() => flood.scim('GET', `/Users/${bob}`));
    await have(() => waited, 3);
    const so = answered(held, ...flooding);
    for (let turn = 0; turn < 10; turn += 1) expect((await isActive()).status).toBe(200);
    expect([so.count, waited]).toEqual([0, 3]);
    await release();
    expect((await held).status).toBe(200);
    expect((await Promise.all(flooding)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('who waits too long gets 429 with Retry-After, and neither does nor leaves anything', async () => {
    const { release, held } = await holdTurn();
    const late = flood.scim('POST', '/Users', { userName: `late@d${flood.id}.example` }, waits);
    await have(() => waited, 1);
    now += 5_000;
    const { status, headers, body } = await late;
    expect([status, headers.get('retry-after')]).toEqual([429, '1']);
    expect(headers.get('content-type')).toContain('application/scim+json');
    expect(body).toMatchObject({ status: '429' });
    expect(await traces()).toEqual(nothing);
    await release();
    await held;
  });

  test('who goes away while it waits is not begun, and makes room for the next', async () => {
    const { release, held } = await holdTurn();
    const gone = begin('POST', '/Users', `{"userName":"gone@d${flood.id}.example"}`, true);
    await have(() => waited, 1);
    const next = flood.scim('GET', `/Users/${bob}`);
    await have(() => waited, 2);
    gone.destroy();
    await vi.waitUntil(() => service.logLines.some((line) => line.includes('"aborted":true')), { timeout: 10_000 });
    await release();
    expect([(await held).status, (await next).status]).toEqual([200, 200]);
    expect(await traces()).toEqual(nothing);
  });

  test('a bulk lets others of its organization go first after each of its operations', async () => {
    const [first, second] = [await lock(ada), await lock(bob)];
    expect((await isActive()).status).toBe(200);
    const before = came;
    const bulk = flood.scim<{ Operations: { status: string }[] }>('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [ada, bob].map((id) => ({ method: 'PATCH', path: `/Users/${id}`, data: title('Bulk') })),
    });
    await have(() => came, before + 1);
    const other = flood.scim('GET', `/Users/${bob}`);
    await have(() => waited, 1);
    const so = answered(bulk);
    await first();
    expect((await other).status).toBe(200);
    expect(so.count).toBe(0);
    await second();
    expect((await bulk).body.Operations.map(({ status }) => status)).toEqual(['200', '200']);
  });
});

describe('alone', () => {
  test('an organization has as many requests under way as it sends', async () => {
    now += 60_000;
    const release = await lock(ada);
    const held = [1, 2, 3, 4].map((n) => flood.scim('PATCH', `/Users/${ada}`, title(`${n}`)));
    await have(() => came, 4);
    for (let turn = 0; turn < 5; turn += 1) expect((await flood.scim('GET', `/Users/${bob}`)).status).toBe(200);
    expect(waited).toBe(0);
    await release();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe('a token that is revoked while its request waits', () => {
  async function expectRefusedOnceRevoked(
    waiting: Promise<Answer>,
    release: () => Promise<void>,
    held: Promise<unknown>,
  ): Promise<void> {
    await have(() => waited, 1);
    await service.db.query(sql`UPDATE scim_tokens SET revoked_at = now() WHERE organization_id = ${flood.id}::uuid`);
    await release();
    expect((await waiting).status).toBe(401);
    await held;
    expect(await traces()).toEqual(nothing);
  }

  const user = () => ({ userName: `new@d${flood.id}.example` });
  test.each([
    ['reads a user', 'GET', () => `/Users/${bob}`, () => undefined],
    ['creates a user', 'POST', () => '/Users', user],
    ['searches', 'POST', () => '/Users/.search', () => ({ count: 1 })],
    ['asks for features', 'GET', () => '/ServiceProviderConfig', () => undefined],
    ['sends a bulk', 'POST', () => '/Bulk', () => ({ Operations: [{ method: 'POST', path: '/Users', data: user() }] })],
  ])('is refused with 401 where it %s, and leaves nothing', async (_what, method, path, body) => {
    const { release, held } = await holdTurn();
    const waiting = flood.scim(method, path(), body(), waits);
    await expectRefusedOnceRevoked(waiting, release, held);
  });

  test('is refused also where it was looked up for this request, just before', async () => {
    const { release, held } = await holdTurn();
    const { token } = (await service.admin('POST', `/organizations/${flood.id}/scim-tokens/rotate`)).body;
    const waiting = flood.scim('POST', '/Users', user(), { ...waits, authorization: `Bearer ${String(token)}` });
    await expectRefusedOnceRevoked(waiting, release, held);
  });
});

describe('the turn goes to the next request', () => {
  const created = (body: unknown) => flood.scim('POST', '/Users', body);
  test.each<[string, number, () => Promise<{ status: number }>]>([
    ['a good answer', 200, () => flood.scim('GET', `/Users/${bob}`)],
    ['a long answer', 200, () => flood.scim('GET', '/Users?count=500')],
    ['an answer without a body', 204, () => flood.scim('DELETE', `/Users/${bob}`)],
    ['a creation', 201, () => created({ userName: `new@d${flood.id}.example` })],
    [
      'an answer that nothing has changed',
      304,
      async () => {
        const { headers } = await flood.scim('GET', `/Users/${bob}`);
        return flood.scim('GET', `/Users/${bob}`, undefined, { 'if-none-match': headers.get('etag') ?? '' });
      },
    ],
    ['the answer to HEAD', 200, () => flood.scim('HEAD', '/Users')],
    ['a wrong body', 400, () => created({ userName: 7 })],
    ['a conflict', 409, () => created({ userName: `bob@d${flood.id}.example` })],
    ['an unknown id', 404, () => flood.scim('GET', '/Users/nobody')],
    ['a wrong method', 405, () => flood.scim('DELETE', '/Users')],
    [
      'a version that is not the current one',
      412,
      () => flood.scim('PATCH', `/Users/${bob}`, title('x'), { 'if-match': 'W/"77"' }),
    ],
    ['a body that is too large', 413, () => created({ userName: 'x'.repeat(maxBodyBytes) })],
    ['another content type', 415, () => flood.scim('POST', '/Users', {}, { 'content-type': 'text/plain' })],
    ['what is not supported', 501, () => flood.scim('GET', '/Me')],
  ])('after %s (%i)', async (_what, status, ask) => {
    expect((await isActive()).status).toBe(200);
    expect((await ask()).status).toBe(status);
    await expectFree();
  });

  test('after 401 for a token that was good before', async () => {
    const { token } = (await service.admin('POST', `/organizations/${flood.id}/scim-tokens/rotate`)).body;
    expect((await isActive()).status).toBe(200);
    await service.db.query(sql`
      UPDATE scim_tokens SET revoked_at = now()
      WHERE organization_id = ${flood.id}::uuid AND id = (
        SELECT min(id::text)::uuid FROM scim_tokens WHERE organization_id = ${flood.id}::uuid)`);
    expect((await flood.scim('GET', `/Users/${bob}`)).status).toBe(401);
    await expectFree({ authorization: `Bearer ${String(token)}` });
  });

  test('after a client that went away in the middle of its body', async () => {
    expect((await isActive()).status).toBe(200);
    const before = came;
    const sent = begin('POST', '/Users', '{"userName":', false);
    await have(() => came, before + 1);
    sent.destroy();
    await expectFree();
  });

  test('after a client that went away while its write was held', async () => {
    const release = await lock(ada);
    expect((await isActive()).status).toBe(200);
    const before = came;
    const sent = begin('PATCH', `/Users/${ada}`, JSON.stringify(title('Gone')), true);
    await have(() => came, before + 1);
    sent.destroy();
    await expectFree();
    await release();
  });
});

/** The next one has its turn; and only the next one, so that a turn was not given back more than once. */
async function expectFree(headers?: Record<string, string>): Promise<void> {
  expect((await flood.scim('GET', `/Groups`, undefined, headers)).status).toBe(200);
  expect(shares.begin(neighbour.id)?.state).toBe('works');
  now += 1;
  const only = await vi.waitUntil(() => shares.begin(flood.id), { timeout: 10_000 });
  expect(shares.begin(flood.id)).toBeUndefined();
  shares.giveBack(only);
}

/** Sends a request's headers and body; with `isWhole` all of it. */
function begin(method: string, path: string, body: string, isWhole: boolean): ClientRequest {
  const sent = request(`${flood.baseUrl}${path}`, {
    method,
    headers: {
      ...waits,
      authorization: `Bearer ${flood.token}`,
      'content-type': 'application/scim+json',
      'content-length': Buffer.byteLength(body) + (isWhole ? 0 : 1),
    },
  });
  sent.on('error', () => undefined);
  sent.write(body);
  if (isWhole) sent.end();
  return sent;
}

/** A request of the flooding organization that has so much time left, and whose client is gone or not. */
function exchangeWith(leftMs: number, closed = false): Exchange {
  const deadline = deadlineAt(performance.now() + leftMs);
  const exchange: unknown = {
    context: { whenOver: null },
    res: { closed },
    request: { caller: { organizationId: 'acme' }, deadline },
  };
  return exchange as Exchange;
}

test('nobody waits longer than its deadline allows', async () => {
  const patience: number[] = [];
  const full: FairShares = {
    ...shares,
    begin: () => undefined,
    wait: (_key, patienceMs) => {
      patience.push(patienceMs);
      return undefined;
    },
  };
  for (const leftMs of [8_500, 300]) {
    await expect(takeTurn(full, exchangeWith(leftMs))).rejects.toThrow('Retry-After');
  }
  expect(patience[0]).toBe(5_000);
  expect(patience[1]).toBeLessThanOrEqual(300);
});

test('a client that went away while it was looked up keeps no place, and does not wait for one', async () => {
  const own = createFairShares({ atOnce: 1, now: () => now });
  own.begin('another');
  now += 1;
  expect(takeTurn(own, exchangeWith(8_500, true))).toBe(true);
  const next = own.begin('acme');
  expect(next?.state).toBe('works');
  expect(await takeTurn(own, exchangeWith(8_500, true))).toBe(false);
});
