/**
 * A16: writes that a page of another site makes an operator's browser send.
 * A17: the queues, their API and their assets without an operator's rights; what a job shows.
 */
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokenSecret, hashToken } from '../../../src/provisioning/token-secret.ts';
import { startService, type TestService } from '../../support/service.ts';
import { openRawClient, type RawClient } from './raw-client.ts';

let service: TestService;
let raw: RawClient;
let cookie: string;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  raw = openRawClient(service.url);
  cookie = await signIn(service.adminKey);
});
afterAll(async () => {
  raw.close();
  await service.close();
});

/** @returns the pair for a `Cookie` header */
async function signIn(adminKey: string): Promise<string> {
  const answer = await raw.send({
    method: 'POST',
    path: '/api/v1/session',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ adminKey }),
  });
  expect(answer.status).toBe(200);
  return String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
}

const pause = '/queues/api/queues/group-membership/pause';
const resume = '/queues/api/queues/group-membership/resume';
const own = 'http://rollcall.test'; // the public URL of the service under test

describe('A16: a write from another site is 403', () => {
  test.each<[name: string, headers: Record<string, string>]>([
    ['another origin', { origin: 'https://elsewhere.example' }],
    ['another port', { origin: `${own}:8080` }],
    ['another scheme', { origin: 'https://rollcall.test' }],
    ['a subdomain', { origin: 'http://evil.rollcall.test' }],
    ['a longer domain', { origin: 'http://rollcall.test.elsewhere.example' }],
    ['a sandboxed page', { origin: 'null' }],
    ['no URL', { origin: 'rollcall.test' }],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['text/plain from here', { origin: own, 'content-type': 'text/plain;charset=UTF-8' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a form with files', { 'content-type': 'multipart/form-data; boundary=x' }],
  ])('%s', async (_, headers) => {
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH']) {
      const body = headers['content-type'] === undefined ? {} : { body: '{"x":1}' };
      const answer = await raw.send({ method, path: pause, headers: { cookie, ...headers }, ...body });
      expect(answer.status).toBe(403);
    }
  });

  test('no origin at all: a browser names one for every write', async () => {
    for (const method of ['PUT', 'POST', 'DELETE', 'PATCH']) {
      expect((await raw.send({ method, path: pause, headers: { cookie } })).status).toBe(403);
    }
  });

  test('from here it is done', async () => {
    for (const path of [pause, resume]) {
      expect((await raw.send({ method: 'PUT', path, headers: { cookie, origin: own } })).status).toBe(200);
    }
  });
});

describe('A17: without an operator’s rights nothing of the queues is served', () => {
  const paths = [
    '/queues',
    '/queues/',
    '/QUEUES/api/queues',
    '/queues/api/queues',
    '/queues/api/queues/group-membership/1',
    '/queues/api/redis/stats',
    '/queues/static/js/main.js',
    '/queues/static/../api/queues',
    '/queues/login/../api/queues',
    '/queues/./api/queues',
    '/queues//api/queues',
    '/queues/%61pi/queues',
    '/queues/queue/group-membership',
    '/queues/api/queues?x=/login',
    '/queues/favicon.ico',
  ];
  const forged = async (): Promise<[name: string, headers: Record<string, string>][]> => {
    const [name, value = ''] = cookie.split('=');
    const over = async (change: ReturnType<typeof sql>): Promise<string> => {
      const ended = await signIn(service.adminKey);
      await service.db.query(
        sql`UPDATE console_sessions SET ${change} WHERE token_hash = ${hashToken(ended.split('=')[1] ?? '')}`,
      );
      return ended;
    };
    const acme = await service.organization();
    const { body } = await service.admin('POST', `/organizations/${acme.id}/admin-keys`, { name: 'x', role: 'admin' });
    return [
      ['nothing', {}],
      ['a session that is over', { cookie: await over(sql`expires_at = now()`) }],
      ['a session that nobody used for two hours', { cookie: await over(sql`last_used_at = now() - interval '2 h'`) }],
      ['a session of another platform key', { cookie: await over(sql`platform_proof = sha256('x')`) }],
      ['a session of an organization', { cookie: await signIn(String(body['key'])) }],
      ['a session that was never given', { cookie: `${name}=${createTokenSecret('rc_session_').token}` }],
      ['half a session', { cookie: `${name}=${value.slice(0, -1)}` }],
      ['the hash of a session', { cookie: `${name}=${hashToken(value).toString('hex')}` }],
      ['a session under another name', { cookie: `x${name}=${value}` }],
      ['a session beside a wrong key', { cookie, authorization: 'Bearer x' }],
      ['a session as a bearer token', { authorization: `Bearer ${value}` }],
      ['a wrong key', { authorization: `Bearer ${service.adminKey}x` }],
      [
        'the key as a password',
        { authorization: `Basic ${Buffer.from(`admin:${service.adminKey}`).toString('base64')}` },
      ],
    ];
  };

  test('401 at each of 15 addresses, whatever is sent instead', async () => {
    for (const [name, headers] of await forged()) {
      for (const path of paths) {
        const answer = await raw.send({ method: 'GET', path, headers });
        expect([401, 404], `${name} at ${path}`).toContain(answer.status);
        if (path.startsWith('/queues')) expect(answer.status, `${name} at ${path}`).toBe(401);
        expect(answer.text).not.toMatch(/group-membership|workspace-mapping|<script/);
      }
    }
  });

  test('a person who opens them is sent to the sign-in, and comes back from there', async () => {
    const visit = (headers: Record<string, string>) =>
      raw.send({
        method: 'GET',
        path: '/queues/queue/x?page=2',
        headers: { accept: 'text/html,*/*;q=0.8', ...headers },
      });
    const sent = await visit({});
    expect(sent.status).toBe(303);
    expect(sent.headers.location).toBe('/sign-in?returnTo=%2Fqueues%2Fqueue%2Fx%3Fpage%3D2');
    expect((await visit({ authorization: 'Bearer x' })).status).toBe(401);
    expect((await visit({ cookie })).status).toBe(200);
  });

  test.each(['PUT', 'POST', 'DELETE', 'PATCH'])('%s is 401', async (method) => {
    expect((await raw.send({ method, path: pause })).status).toBe(401);
  });

  test('a job shows ids and nothing else', async () => {
    const acme = await service.organization();
    const user = await acme.user('secret.person@acme.example', { displayName: 'Secret Person', password: 'hunter22' });
    await acme.group('Secret project', [user]);
    await service.quiet();
    const headers = { authorization: `Bearer ${service.adminKey}` };
    const look = async () => {
      const { text } = await raw.send({
        method: 'GET',
        path: '/queues/api/queues?activeQueue=group-membership&status=completed&jobsPerPage=50',
        headers,
      });
      const { queues } = JSON.parse(text) as { queues: { name: string; jobs: { data: object }[] }[] };
      return { text, jobs: queues.flatMap((queue) => queue.jobs) };
    };
    // The row of a job is gone a moment before its queue calls it completed.
    await expect.poll(async () => (await look()).jobs.length).toBeGreaterThan(0);
    const { text, jobs } = await look();
    for (const { data } of jobs) expect(Object.keys(data).toSorted()).toEqual(['id', 'organizationId']);
    expect(text).not.toMatch(/secret|hunter22/i);
  });
});
