/**
 * A13: clients that send a byte a second, or nothing, a thousand of them: others are served meanwhile, and within 30 s
 * they are gone. It takes as long as it says, most of it waiting.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startService } from '../../support/service.ts';

test('A13: 1,000 slow clients hold nobody up and are closed within 30 s', { timeout: 60_000 }, async () => {
  const service = await startService({ engine: 'postgres' });
  const acme = await service.organization();
  const { hostname, port } = new URL(service.url);
  const head = [
    `POST /api/v1/scim/${acme.id}/v2/Users HTTP/1.1`,
    'Host: x',
    'Content-Type: application/json',
    `Authorization: Bearer ${acme.token}`,
    'Content-Length: 1000000',
  ].join('\r\n');
  const begin = [
    '', // connects and says nothing
    'G', // a head, byte by byte
    head, // a head that never ends
    `${head}\r\n\r\n{`, // a body, byte by byte
  ];
  const startedAt = performance.now();
  const closedAfterMs: number[] = [];
  const sockets = Array.from({ length: 1_000 }, (_, i): Socket => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined); // being cut off is what is expected
    socket.on('data', () => undefined);
    socket.once('close', () => closedAfterMs.push(performance.now() - startedAt));
    socket.write(begin[i % begin.length] ?? '');
    return socket;
  });
  const dripping = setInterval(() => {
    for (const [i, socket] of sockets.entries()) if (i % begin.length !== 0 && socket.writable) socket.write('x');
  }, 1_000);
  try {
    await sleep(1_000);
    const timesMs: number[] = [];
    for (let i = 0; i < 50; i += 1) {
      const askedAt = performance.now();
      expect((await acme.scim('GET', '/Users?count=1')).status).toBe(200);
      timesMs.push(performance.now() - askedAt);
    }
    expect(timesMs.toSorted((a, b) => a - b)[25] ?? Infinity).toBeLessThan(250);
    while (closedAfterMs.length < sockets.length && performance.now() - startedAt < 40_000) await sleep(250);
    expect(closedAfterMs).toHaveLength(sockets.length);
    // A little beyond 30 s for a machine that is busy with other tests.
    expect(Math.max(...closedAfterMs)).toBeLessThan(33_000);
  } finally {
    clearInterval(dripping);
    for (const socket of sockets) socket.destroy();
    await service.close();
  }
});
