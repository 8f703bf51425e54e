import express from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMetrics, metricsRouter } from '../../src/http/metrics.ts';
import { beginRequests, contextOf, requestContext } from '../../src/http/request-context.ts';
import { createLogger } from '../../src/platform/logger.ts';

const lines: string[] = [];
const logger = createLogger({
  level: 'info',
  role: 'test',
  destination: { write: (line: string) => void lines.push(line) },
});
const metrics = createMetrics();
const server = createServer(
  express()
    .use(requestContext(beginRequests({ logger, metrics })))
    .use(
      metricsRouter({
        metrics,
        logger,
        state: {
          depth: () => Promise.resolve({ 'group-membership': { waiting: 3 }, 'workspace-mapping': { waiting: 0 } }),
          ledger: () => Promise.reject(new Error('no database')),
          tokens: () => Promise.reject(new Error('no database')),
          syncLogAhead: () => Promise.resolve(2_419_200),
        },
      }),
    )
    .use((req, res) => {
      contextOf(res).logger.info('inside');
      res.status(req.path.endsWith('/missing') ? 404 : 200).json({ requestId: contextOf(res).requestId });
    }),
);
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  lines.length = 0;
});

async function logged(count: number): Promise<Record<string, unknown>[]> {
  await expect.poll(() => lines.length).toBe(count);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("the caller's request id goes through answer and log", async () => {
  const answer = await fetch(`${url}/x`, { headers: { 'x-request-id': 'okta-42.a_b' } });
  expect(answer.headers.get('x-request-id')).toBe('okta-42.a_b');
  expect(await answer.json()).toEqual({ requestId: 'okta-42.a_b' });
  expect(await logged(2)).toMatchObject([
    { requestId: 'okta-42.a_b', msg: 'inside' },
    { requestId: 'okta-42.a_b', msg: 'request' },
  ]);
});

test.each([['with a blank'], ['"quoted"'], ['x'.repeat(101)], ['']])('the unusable id %j is replaced', async (id) => {
  const answer = await fetch(`${url}/x`, { headers: { 'x-request-id': id } });
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('one line tells method, path, status, duration and organization, and never the query', async () => {
  const organizationId = '0193a5e0-0000-7000-8000-000000000000';
  await fetch(`${url}/api/v1/scim/${organizationId}/v2/missing?access_token=tip-top-secret`);
  const [, line] = await logged(2);
  expect(line).toMatchObject({
    msg: 'request',
    method: 'GET',
    path: `/api/v1/scim/${organizationId}/v2/missing`,
    status: 404,
    organizationId,
    durationMs: expect.any(Number) as number,
  });
  expect(lines.join('')).not.toContain('tip-top-secret');
});

test('requests are counted by class, never by path or by a method that somebody made up', async () => {
  await fetch(`${url}/api/v1/scim/someone/v2/Users/42`, { method: 'PATCH' });
  await fetch(`${url}/api/v1/scim/someone/v2/Users/43`, { method: 'PROPFIND' });
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain(
    'rollcall_http_request_duration_seconds_count{route="scim-users",method="PATCH",status="200"} 1',
  );
  expect(text).toContain(
    'rollcall_http_request_duration_seconds_count{route="scim-users",method="OTHER",status="200"} 1',
  );
  expect(text).not.toContain('someone');
});

test('what cannot be looked up is missing from the metrics, the rest is there', async () => {
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  const text = await answer.text();
  expect(text).toContain('rollcall_queue_jobs{queue="group-membership",state="waiting"} 3');
  expect(text).not.toMatch(/^rollcall_oldest_unfinished_job_age_seconds /m);
  expect(text).toContain('process_cpu_user_seconds_total');
});
