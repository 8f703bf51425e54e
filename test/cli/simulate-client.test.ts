import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createScimClient, type SendScim } from '../../src/cli/simulate/scim-client.ts';
import { createStatistics, type Statistics } from '../../src/cli/simulate/statistics.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

interface Scripted {
  status: number;
  retryAfter?: string;
  body?: unknown;
}

/** A client of a server that gives the scripted answers one after the other; 'drop' cuts the connection. */
async function clientOf(
  script: (Scripted | 'drop')[],
  ratePerSecond?: number,
): Promise<{ send: SendScim; statistics: Statistics }> {
  server = createServer((incoming, outgoing) => {
    const next = script.shift() ?? { status: 200, body: { authorization: incoming.headers.authorization } };
    if (next === 'drop') return void incoming.socket.destroy();
    outgoing.writeHead(next.status, next.retryAfter === undefined ? {} : { 'retry-after': next.retryAfter });
    outgoing.end(next.body === undefined ? undefined : JSON.stringify(next.body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const statistics = createStatistics();
  const send = createScimClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    token: 'secret',
    headers: {},
    contentType: 'application/scim+json',
    statistics,
    ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
  });
  return { send, statistics };
}

const create = { kind: 'create user', method: 'POST', path: '/Users', body: {}, expect: [201] } as const;
const request = { ...create, expect: [...create.expect] };

test('sends the token and answers the parsed body', async () => {
  const { send } = await clientOf([]);
  expect(await send({ ...request, expect: [200] })).toEqual({ status: 200, body: { authorization: 'Bearer secret' } });
});

test.each<[string, Scripted | 'drop']>([
  ['429', { status: 429, retryAfter: '0.01' }],
  ['503', { status: 503, retryAfter: '0.01' }],
  ['a lost connection', 'drop'],
])('tries again after %s and counts every attempt', async (_, failure) => {
  const { send, statistics } = await clientOf([failure, { status: 201, body: { id: 'u1' } }]);
  expect(await send(request)).toEqual({ status: 201, body: { id: 'u1' } });
  expect(statistics.summary()).toMatchObject({ requests: 2, retries: 1 });
});

test('takes a conflict for its own lost success, but only where an answer was lost', async () => {
  const lost = await clientOf(['drop', { status: 409 }]);
  expect(await lost.send(request)).toMatchObject({ status: 409 });
  server?.close();
  const throttled = await clientOf([{ status: 429, retryAfter: '0.01' }, { status: 409 }]);
  await expect(throttled.send(request)).rejects.toThrow('POST /Users: 409');
});

test('reports any other answer with its detail, without a second try', async () => {
  const { send, statistics } = await clientOf([{ status: 400, body: { detail: 'userName is not an address' } }]);
  await expect(send(request)).rejects.toThrow('POST /Users: 400 userName is not an address');
  expect(statistics.summary()).toMatchObject({ requests: 1, retries: 0 });
});

test('keeps to the rate', async () => {
  const { send } = await clientOf([], 100);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 6 }, () => send({ ...request, expect: [200] })));
  // Six turns are five spacings of 10 ms apart; timers may fire a millisecond early.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(45);
});

test('sums up by kind with nearest-rank percentiles', () => {
  let now = 0;
  const statistics = createStatistics(() => now);
  for (let ms = 1; ms <= 100; ms++) statistics.record('read user', ms > 98 ? 500 : 200, ms);
  statistics.record('create user', 0, 3);
  statistics.recordUnexpected('GET /Users/1: 500');
  now = 2_000;
  expect(statistics.summary()).toEqual({
    requests: 101,
    retries: 0,
    durationMs: 2_000,
    requestsPerSecond: 50.5,
    kinds: [
      { kind: 'read user', requests: 100, statuses: { '200': 98, '500': 2 }, p50: 50, p95: 95, p99: 99, max: 100 },
      { kind: 'create user', requests: 1, statuses: { 'no answer': 1 }, p50: 3, p95: 3, p99: 3, max: 3 },
    ],
    unexpected: ['GET /Users/1: 500'],
  });
});
