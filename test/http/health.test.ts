import express from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { healthRouter, type DependencyChecks } from '../../src/http/health.ts';

async function ask(path: string, checks: DependencyChecks): Promise<{ status: number; body: unknown }> {
  const server = createServer(express().use(healthRouter(checks)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    return { status: answer.status, body: await answer.json() };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const up = () => Promise.resolve();
const down = () => Promise.reject(new Error('password of the database is hunter2'));
const frozen = () => new Promise<never>(() => undefined);

test('the process is healthy whatever its dependencies are', async () => {
  expect(await ask('/healthz', { postgres: down })).toEqual({ status: 200, body: { status: 'ok' } });
});

test('it is ready when every dependency answers, each named', async () => {
  expect(await ask('/readyz', { postgres: up, redis: up })).toMatchObject({
    status: 200,
    body: { status: 'ok', dependencies: { postgres: { status: 'ok' }, redis: { status: 'ok' } } },
  });
});

test.each([
  ['refuses', down],
  ['does not answer within two seconds', frozen],
])('it is not ready while one of them %s', async (_how, redis) => {
  const { status, body } = await ask('/readyz', { postgres: up, redis });
  expect(status).toBe(503);
  expect(body).toMatchObject({
    status: 'unavailable',
    dependencies: { postgres: { status: 'ok' }, redis: { status: 'unavailable' } },
  });
  expect(JSON.stringify(body)).not.toContain('hunter2');
});
