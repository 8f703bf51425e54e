import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { problemHandler } from '../../src/http/problem.ts';
import { createRateLimits } from '../../src/http/rate-limits.ts';
import { beginRequests, requestContext } from '../../src/http/request-context.ts';

/** Tries that an address has at once. */
const tries = 400;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A door that only the credential "good" opens, behind so many proxies. */
async function openDoor(trustedProxyHops: number): Promise<(headers?: Record<string, string>) => Promise<number>> {
  const app = express();
  app.set('trust proxy', trustedProxyHops);
  app.use(
    requestContext(
      beginRequests({ logger: createLogger({ level: 'silent', role: 'test' }), metrics: createMetrics() }),
    ),
  );
  const limits = createRateLimits({ scimPerSecond: 25, adminPerSecond: 25, store: null });
  app.use(
    limits.strangers((res) => res.locals['good'] === true),
    (req, res) => {
      res.locals['good'] = req.get('authorization') === 'good';
      res.sendStatus(res.locals['good'] === true ? 200 : 401);
    },
  );
  app.use(problemHandler);
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (headers = {}) => {
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    return response.status;
  };
}

async function exhaust(knock: (headers?: Record<string, string>) => Promise<number>, from = '198.51.100.7') {
  const statuses = await Promise.all(Array.from({ length: tries + 200 }, () => knock({ 'x-forwarded-for': from })));
  expect(statuses.filter((status) => status === 401).length).toBeGreaterThanOrEqual(tries);
  expect(statuses).toContain(429);
}

/** Whether an address is held back: of many tries at once, which are more than what has come back meanwhile. */
async function isHeldBack(
  knock: (headers?: Record<string, string>) => Promise<number>,
  headers = {},
): Promise<boolean> {
  const statuses = await Promise.all(Array.from({ length: 100 }, () => knock(headers)));
  return statuses.includes(429);
}

describe('callers without a valid credential', () => {
  test('are held back by the address that trusted proxies name; others are not', async () => {
    const knock = await openDoor(1);
    await exhaust(knock);
    expect(await isHeldBack(knock, { 'x-forwarded-for': '198.51.100.8' })).toBe(false);
    // What the caller itself puts in front of the proxy's word counts for nothing.
    expect(await isHeldBack(knock, { 'x-forwarded-for': '198.51.100.9, 198.51.100.7' })).toBe(true);
  });

  test('cannot choose their address where no proxy is trusted', async () => {
    const knock = await openDoor(0);
    await exhaust(knock);
    expect(await isHeldBack(knock, { 'x-forwarded-for': '198.51.100.8' })).toBe(true);
    expect(await isHeldBack(knock)).toBe(true);
  });

  test('count by network where addresses are plenty: IPv6', async () => {
    const knock = await openDoor(1);
    await exhaust(knock, '2001:db8:1:2::1');
    expect(await isHeldBack(knock, { 'x-forwarded-for': '2001:db8:1:2:ffff::9' })).toBe(true);
    expect(await isHeldBack(knock, { 'x-forwarded-for': '2001:db8:1:3::1' })).toBe(false);
    expect(await isHeldBack(knock, { 'x-forwarded-for': '2001:db8::2' })).toBe(false);
  });

  test('do not lock out a credential that was good lately; a new one has to wait', async () => {
    const knock = await openDoor(1);
    expect(await knock({ 'x-forwarded-for': '203.0.113.1', authorization: 'good' })).toBe(200);
    await exhaust(knock);
    expect(await knock({ 'x-forwarded-for': '198.51.100.7', authorization: 'good' })).toBe(200);
    expect(await isHeldBack(knock, { 'x-forwarded-for': '198.51.100.7', authorization: 'guess' })).toBe(true);
  });

  test('valid callers use nothing up', async () => {
    const knock = await openDoor(0);
    for (let i = 0; i < tries + 50; i += 1) expect(await knock({ authorization: 'good' })).toBe(200);
    expect(await isHeldBack(knock)).toBe(false);
  });
});

describe('signing in', () => {
  /** Stands for the sign-in: only the key "good" is one. */
  function openSignIn() {
    const limits = createRateLimits({ scimPerSecond: 25, adminPerSecond: 25, store: null });
    return (key: string, ip = '198.51.100.7'): boolean => {
      const req = { ip };
      try {
        limits.signIn(req, key);
      } catch {
        return false;
      }
      if (key === 'good') limits.signedIn(req, key);
      return true;
    };
  }

  test('with wrong keys is held back after 20 by its address; elsewhere it is not', () => {
    const tryKey = openSignIn();
    const tries = Array.from({ length: 30 }, (_, n) => tryKey(`wrong-${n}`));
    expect(tries.filter(Boolean)).toHaveLength(20);
    expect(tryKey('good')).toBe(false);
    expect(tryKey('good', '198.51.100.8')).toBe(true);
  });

  test('with a key that was good at this address lately is never held back', () => {
    const tryKey = openSignIn();
    for (let n = 0; n < 100; n += 1) expect(tryKey('good')).toBe(true);
    for (let n = 0; n < 30; n += 1) tryKey(`wrong-${n}`);
    expect(tryKey('good')).toBe(true);
  });
});
