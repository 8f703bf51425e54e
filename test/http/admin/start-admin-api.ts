import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import express from 'express';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { AnswerOf, Endpoint, ParametersOf, QueryOf, RequestOf } from '../../../src/contract/endpoint.ts';
import { endpoints } from '../../../src/contract/endpoints.ts';
import { problem, type Problem } from '../../../src/contract/problem.ts';
import { adminRouter } from '../../../src/http/admin/router.ts';
import { openApiRouter } from '../../../src/http/openapi/router.ts';
import { createRateLimits } from '../../../src/http/rate-limits.ts';
import { createMetrics } from '../../../src/http/metrics.ts';
import { beginRequests, requestContext } from '../../../src/http/request-context.ts';
import { hashAdminKey } from '../../../src/platform/admin-key.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

export const adminKey = 'rc_admin_of_a_test';

type Operations = typeof endpoints;
type Name = keyof Operations;

interface CallInput<E extends Endpoint> {
  params?: ParametersOf<E>;
  query?: QueryOf<E>;
  body?: RequestOf<E>;
}

export interface AdminApi {
  url: string;
  db: TestDatabase;
  /** TXT records by name, for the verification of domains. */
  txtRecords: Map<string, string[][]>;
  nudges: () => number;
  /** Calls an operation, expects its success, and checks the answer against the contract, extra fields included. */
  call<N extends Name>(name: N, input?: CallInput<Operations[N]>): Promise<AnswerOf<Operations[N]>>;
  /** Calls an operation and expects a problem of this status. */
  refuse<N extends Name>(name: N, status: number, input?: CallInput<Operations[N]>): Promise<Problem>;
  /** Any request, with the admin key. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

/** The admin API by itself on a free port, with a database of its own; no queue, no worker. */
export async function startAdminApi(): Promise<AdminApi> {
  const db = await createTestDatabase();
  const txtRecords = new Map<string, string[][]>();
  let nudges = 0;
  let url = '';
  const app = express();
  app.use(requestContext(beginRequests({ logger: pino({ level: 'silent' }), metrics: createMetrics() })));
  app.use(
    '/api/v1',
    adminRouter({
      syncLogRetentionDays: null,
      db,
      adminKeyHash: hashAdminKey(adminKey),
      publicUrl: () => url,
      nudge: () => (nudges += 1),
      limits: createRateLimits({ scimPerSecond: 1_000, adminPerSecond: 1_000, store: null }),
      depth: () => Promise.reject(new Error('there are no queues here')),
      resolveTxt: async (name) => txtRecords.get(name) ?? Promise.reject(noSuchName()),
    }),
  );
  app.use('/api', openApiRouter({ publicUrl: () => url }));
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const send: AdminApi['send'] = (method, path, body, headers = {}) =>
    fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${adminKey}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  function request(endpoint: Endpoint, input: { params?: object; query?: object; body?: unknown } = {}) {
    const params = (input.params ?? {}) as Record<string, string>;
    const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
    const query = new URLSearchParams(
      Object.entries(input.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    );
    return send(endpoint.method.toUpperCase(), query.size === 0 ? path : `${path}?${query.toString()}`, input.body);
  }

  return {
    url,
    db,
    txtRecords,
    nudges: () => nudges,
    send,
    async call(name, input) {
      const endpoint: Endpoint = endpoints[name];
      const response = await request(endpoint, input);
      const text = await response.text();
      expect(response.status, text).toBe(endpoint.status);
      if (endpoint.answer === null) return undefined as never;
      const answer: unknown = JSON.parse(text);
      // Whatever the schema does not know it drops: equality means that nothing else was answered.
      expect(endpoint.answer.parse(answer)).toEqual(answer);
      return answer as never;
    },
    async refuse(name, status, input) {
      const response = await request(endpoints[name], input);
      const text = await response.text();
      expect(response.status, text).toBe(status);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      return problem.parse(JSON.parse(text));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await db.close();
    },
  };
}

function noSuchName(): Error {
  return Object.assign(new Error('queryTxt ENOTFOUND'), { code: 'ENOTFOUND' });
}
