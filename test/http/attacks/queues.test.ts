/**
 * A16: writes that a page of another site makes an operator's browser send.
 * A17: the queues, their API and their assets without an operator's rights; what a job shows.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sessionCookie } from '../../../src/http/queues/session-cookie.ts';
import { hashAdminKey } from '../../../src/platform/admin-key.ts';
import { startService, type TestService } from '../../support/service.ts';
import { openRawClient, type RawClient } from './raw-client.ts';

let service: TestService;
let raw: RawClient;
let cookie: string;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  raw = openRawClient(service.url);
  cookie = sessionCookie(hashAdminKey(service.adminKey), false).issue(new Date()).split(';', 1)[0] ?? '';
});
afterAll(async () => {
  raw.close();
  await service.close();
});

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

  test.each(['https://elsewhere.example', 'null'])('a login from %s gives no session', async (origin) => {
    const answer = await raw.send({
      method: 'POST',
      path: '/queues/login',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
      body: `key=${service.adminKey}`,
    });
    expect(answer.status).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('from here it is done', async () => {
    for (const path of [pause, resume]) {
      expect((await raw.send({ method: 'PUT', path, headers: { cookie, origin: own } })).status).toBe(200);
    }
  });

  test('the cookie is for this host alone, for no script, and for no other site', () => {
    const overHttps = sessionCookie(hashAdminKey('x'), true).issue(new Date());
    // RFC 6265bis section 4.1.3.2: what the prefix demands.
    expect(overHttps).toMatch(/^__Host-rollcall-queues=/);
    expect(overHttps).toMatch(/; Path=\/;/);
    expect(overHttps).not.toMatch(/domain=/i);
    for (const attribute of ['; Secure', '; HttpOnly', '; SameSite=Strict']) expect(overHttps).toContain(attribute);
    const overHttp = sessionCookie(hashAdminKey('x'), false).issue(new Date());
    for (const attribute of ['; HttpOnly', '; SameSite=Strict']) expect(overHttp).toContain(attribute);
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
  const forged = (): [name: string, headers: Record<string, string>][] => {
    const [name, value = ''] = cookie.split('=');
    const [expiry = '', signature = ''] = value.split('.');
    const expired = sessionCookie(hashAdminKey(service.adminKey), false).issue(new Date(Date.now() - 13 * 3_600_000));
    return [
      ['nothing', {}],
      ['a session that is over', { cookie: expired.split(';', 1)[0] ?? '' }],
      ['a session that was made longer', { cookie: `${name}=${Number(expiry) + 1}.${signature}` }],
      ['a session without a signature', { cookie: `${name}=${expiry}.` }],
      [
        'a session of another key',
        { cookie: sessionCookie(hashAdminKey('other'), false).issue(new Date()).split(';', 1)[0] ?? '' },
      ],
      ['a session under another name', { cookie: `x${name}=${value}` }],
      ['a wrong key', { authorization: `Bearer ${service.adminKey}x` }],
      [
        'the key as a password',
        { authorization: `Basic ${Buffer.from(`admin:${service.adminKey}`).toString('base64')}` },
      ],
    ];
  };

  test('401 at each of 15 addresses, whatever is sent instead', async () => {
    for (const [name, headers] of forged()) {
      for (const path of paths) {
        const answer = await raw.send({ method: 'GET', path, headers });
        expect([401, 404], `${name} at ${path}`).toContain(answer.status);
        if (path.startsWith('/queues')) expect(answer.status, `${name} at ${path}`).toBe(401);
        expect(answer.text).not.toMatch(/group-membership|workspace-mapping|<script/);
      }
    }
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
    const answer = await raw.send({
      method: 'GET',
      path: '/queues/api/queues?activeQueue=group-membership&status=completed&jobsPerPage=50',
      headers,
    });
    const { queues } = JSON.parse(answer.text) as { queues: { name: string; jobs: { data: object }[] }[] };
    const jobs = queues.flatMap((queue) => queue.jobs);
    expect(jobs.length).toBeGreaterThan(0);
    for (const { data } of jobs) expect(Object.keys(data).toSorted()).toEqual(['id', 'organizationId']);
    expect(answer.text).not.toMatch(/secret|hunter22/i);
  });
});
