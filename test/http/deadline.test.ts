/** I17: any request is answered within ten seconds, and nothing of it commits after it was told that it did not. */
import { connect } from 'node:net';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../support/service.ts';
import { startStopwatch } from '../support/stopwatch.ts';

/** A machine that is busy with other tests gets to its timers a little later. */
const withinMs = 11_500;

let service: TestService;
let acme: TestOrganization;
let user: string;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  user = await acme.user(`ada@${acme.id}.example`);
  await service.quiet();
});
afterAll(() => service.close());

const entries = (requestId: string) =>
  service.db.query(sql`
    SELECT status FROM sync_logs
    WHERE organization_id = ${acme.id} AND request_id = ${requestId} AND actor_type = 'scim_token'`);

/** How long an answer took, without the time for which this process stood still: the service only waits meanwhile. */
async function timed<T>(answer: Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const stopwatch = startStopwatch();
  try {
    return { answer: await answer, tookMs: stopwatch.ms() };
  } finally {
    stopwatch.stop();
  }
}

/** Runs `work` while every write of users waits. */
async function whileUsersAreLocked<T>(work: () => Promise<T>): Promise<T> {
  const holder = await service.db.pool.connect();
  try {
    // The limit of the service's own sessions would end this one too.
    await holder.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE users IN EXCLUSIVE MODE');
    return await work();
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

describe('a write that cannot get done', { timeout: 60_000 }, () => {
  test('because of a lock is answered 503 in time, and does not happen when the lock is gone', async () => {
    const userName = `late@${acme.id}.example`;
    const { answer, tookMs } = await whileUsersAreLocked(() =>
      timed(acme.scim('POST', '/Users', { userName }, { 'x-request-id': 'locked' })),
    );
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(tookMs).toBeLessThan(withinMs);
    expect(await entries('locked')).toEqual([{ status: 'FAILED' }]);
    expect(await service.db.query(sql`SELECT FROM users WHERE user_name = ${userName}`)).toEqual([]);
  });

  test('in a bulk is refused with all that come after it, each with an entry, in time', async () => {
    const Operations = Array.from({ length: 300 }, (_, i) => ({
      method: 'POST',
      path: '/Users',
      bulkId: `b${i}`,
      data: { userName: `bulk${i}@${acme.id}.example` },
    }));
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'];
    const { answer, tookMs } = await whileUsersAreLocked(() =>
      timed(
        acme.scim<{ Operations: { status: string }[] }>(
          'POST',
          '/Bulk',
          { schemas, Operations },
          { 'x-request-id': 'locked-bulk' },
        ),
      ),
    );
    expect(answer.body.Operations.map(({ status }) => status)).toEqual(Operations.map(() => '503'));
    expect(tookMs).toBeLessThan(withinMs);
    expect(await entries('locked-bulk')).toEqual(Operations.map(() => ({ status: 'FAILED' })));
    expect(await service.db.query(sql`SELECT FROM users WHERE user_name LIKE 'bulk%'`)).toEqual([]);
  });

  test('because all connections are taken is answered 503 in time, and does not happen later', async () => {
    const held = await Promise.all(Array.from({ length: 20 }, () => service.db.pool.connect()));
    const { answer, tookMs } = await timed(
      acme.scim('PATCH', `/Users/${user}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'title', value: 'Late' }],
      }),
    );
    for (const client of held) client.release();
    expect(answer.status).toBe(503);
    expect(tookMs).toBeLessThan(withinMs);
    expect((await acme.scim('GET', `/Users/${user}`)).body).not.toHaveProperty('title');
  });

  test.each([
    ['SCIM', () => `/api/v1/scim/${acme.id}/v2/Users`, () => acme.token],
    ['admin', () => '/api/v1/organizations', () => service.adminKey],
  ])(
    'because its %s body does not arrive is answered 408 in time, and the connection is closed',
    async (_, path, token) => {
      const { hostname, port } = new URL(service.url);
      const head = [
        `POST ${path()} HTTP/1.1`,
        'Host: x',
        'Content-Type: application/json',
        `Authorization: Bearer ${token()}`,
        'Content-Length: 1000',
      ].join('\r\n');
      const { answer, tookMs } = await timed(
        new Promise<string>((resolve) => {
          let text = '';
          const socket = connect(Number(port), hostname);
          socket.on('error', () => undefined); // what we send into the closed connection
          socket.on('data', (data) => (text += data.toString()));
          const dripping = setInterval(() => socket.writable && socket.write(' '), 500);
          socket.once('close', () => {
            clearInterval(dripping);
            resolve(text);
          });
          socket.write(`${head}\r\n\r\n{`);
        }),
      );
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
      expect(answer).toMatch(/\r\nConnection: close\r\n/i);
      expect(tookMs).toBeLessThan(withinMs);
    },
  );

  test('because its client went away before its turn does not begin', async () => {
    const held = await Promise.all(Array.from({ length: 20 }, () => service.db.pool.connect()));
    // A sweep of the dispatcher may have come in between; it gives up after five seconds, and comes again after one.
    await expect.poll(() => service.db.pool.waitingCount, { timeout: 15_000, interval: 10 }).toBe(0);
    const gone = new AbortController();
    const userName = `gone@${acme.id}.example`;
    const sent = fetch(`${acme.baseUrl}/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${acme.token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({ userName }),
      signal: gone.signal,
    }).catch(() => undefined);
    // Who waits may be a sweep again; but once this is answered, the request that was sent before it has been read.
    await fetch(`${service.url}/healthz`);
    await expect.poll(() => service.db.pool.waitingCount).toBeGreaterThan(0);
    gone.abort();
    await sent;
    await expect.poll(() => service.logLines.some((line) => line.includes('"aborted":true'))).toBe(true);
    for (const client of held) client.release();
    await expect.poll(() => service.db.pool.waitingCount).toBe(0);
    expect(await service.db.query(sql`SELECT FROM users WHERE user_name = ${userName}`)).toEqual([]);
  });
});
