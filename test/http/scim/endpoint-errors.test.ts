import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/platform/database.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';
import { startSecondProcess } from './second-process.ts';

let service: TestService;
let acme: TestOrganization;
let userId: string;
let groupId: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  userId = await acme.user('ada@acme.example', { title: 'Boss' });
  groupId = await acme.group('Team', [userId]);
});
afterAll(() => service.close());

async function expectScimError(response: Response, status: number, scimType?: string): Promise<string> {
  const text = await response.text();
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain('application/scim+json');
  const body = JSON.parse(text) as { status: string; scimType?: string; detail: string };
  expect(body).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    // RFC 7644 section 3.12: the status is text.
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: expect.stringMatching(/./) as string,
  });
  return body.detail;
}

const send = (method: string, url: string, init: RequestInit = {}) =>
  fetch(url, {
    ...init,
    method,
    headers: { authorization: `Bearer ${acme.token}`, ...(init.headers as Record<string, string> | undefined) },
  });

describe('every error under the SCIM base is a SCIM error (RFC 7644 section 3.12)', () => {
  test.each([
    ['GET', '/Users/%zz', 404],
    ['PATCH', '/Groups/%E0%A4', 404],
    ['GET', '/Schemas/%', 404],
    ['GET', '/Users/%00', 404],
    ['GET', '/Users/a%2Fb', 404],
    ['GET', '/Users/', 200],
    ['GET', '/Users/:id', 404],
    ['DELETE', '/Groups/:id', 404],
    ['GET', '/constructor/x', 404],
    ['GET', '/Nonsense', 404],
    ['GET', '/Users/a/b', 404],
    ['GET', '', 404],
    ['PUT', '/Users', 405],
    ['DELETE', '/Groups', 405],
    ['POST', '/ServiceProviderConfig', 405],
    ['PATCH', '/Schemas', 405],
    ['DELETE', '/Bulk', 405],
    ['POST', '/Me', 501],
  ])('%s %s answers %i', async (method, path, status) => {
    const response = await send(method, `${acme.baseUrl}${path}`);
    if (status === 200) expect(response.status).toBe(200);
    else await expectScimError(response, status);
    if (status === 405) expect(response.headers.get('allow')).toMatch(/^[A-Z, ]+$/);
  });

  test.each([
    ['/api/v1/scim/%zz/v2/Users', 404],
    ['/api/v1/scim/x/v2/Users', 401],
    ['/api/v1/scim', 404],
    ['/api/v1/scim/Users', 404],
  ])('a base URL that is none: %s', async (path, status) => {
    await expectScimError(await send('GET', `${service.url}${path}`), status);
  });

  test('the base URL of another protocol version says what the base URL is', async () => {
    const response = await send('GET', `${service.url}/api/v1/scim/${acme.id}/v1/Users`);
    expect(await expectScimError(response, 404)).toContain('/v2');
  });

  test.each(['/Users/%zz', '/Nonsense', '/Users', '/Bulk', '/Me', ''])(
    '%s without a token answers 401',
    async (path) => {
      const response = await fetch(`${acme.baseUrl}${path}`, { method: 'POST' });
      await expectScimError(response, 401);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    },
  );

  test.each(['/Users', '/Users/.search', '/Bulk', `/Groups/x`])(
    '%s with another content type answers 415',
    async (path) => {
      const method = path.endsWith('x') ? 'PATCH' : 'POST';
      const init = { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
      await expectScimError(await send(method, `${acme.baseUrl}${path}`, init), 415);
    },
  );

  test('what nobody foresaw is a 500 that names the request and nothing else', async () => {
    const secret = 'relation "users_secret" is broken';
    const brokenDb: Database = {
      ...service.db,
      query: (statement) =>
        statement.sql.includes('FROM users u') ? Promise.reject(new Error(secret)) : service.db.query(statement),
      within: () => brokenDb,
      provided: () => brokenDb,
    };
    const broken = await startSecondProcess(service, brokenDb);
    try {
      for (const path of [`/Users/${userId}`, '/Users', '/Users?cursor=']) {
        const response = await broken.fetch(acme, path);
        const detail = await expectScimError(response, 500);
        expect(detail).toContain(response.headers.get('x-request-id'));
        expect(detail).not.toContain('users_secret');
      }
    } finally {
      await broken.close();
    }
  });
});

describe('reading in other spellings', () => {
  test.each([
    ['/Users?FILTER=userName+eq+"nobody"', { totalResults: 0 }],
    ['/Users?Count=0', { totalResults: 1, itemsPerPage: 0 }],
    ['/Users?STARTINDEX=2', { startIndex: 2, itemsPerPage: 0 }],
    ['/Users/?count=0', { totalResults: 1 }],
  ])('%s is understood', async (path, expected) => {
    const { status, body } = await acme.scim('GET', path);
    expect(status).toBe(200);
    expect(body).toMatchObject(expected);
  });

  test('ATTRIBUTES of a single resource is understood, and given twice refused', async () => {
    const { body } = await acme.scim('GET', `/Users/${userId}?ATTRIBUTES=title`);
    expect(Object.keys(body).sort()).toEqual(['id', 'schemas', 'title']);
    const twice = await acme.scim('GET', `/Users/${userId}?attributes=title&Attributes=userName`);
    expect([twice.status, twice.body['scimType']]).toEqual([400, 'invalidValue']);
  });

  test('PATCH of a group shows it when Attributes asks for it (RFC 7644 section 3.5.2)', async () => {
    const body = { Operations: [{ op: 'replace', path: 'displayName', value: 'Team 2' }] };
    const answer = await acme.scim('PATCH', `/Groups/${groupId}?Attributes=displayName`, body);
    expect([answer.status, answer.body['displayName']]).toEqual([200, 'Team 2']);
    expect((await acme.scim('PATCH', `/Groups/${groupId}`, body)).status).toBe(204);
  });

  test.each(['/Users', `/Users/{user}`, '/Groups', '/Groups/{group}', '/ServiceProviderConfig', '/Schemas'])(
    'HEAD %s answers the headers of GET and no body',
    async (template) => {
      const url = acme.baseUrl + template.replace('{user}', userId).replace('{group}', groupId);
      const [head, got] = [await send('HEAD', url), await send('GET', url)];
      expect(await head.text()).toBe('');
      expect(head.status).toBe(200);
      for (const name of ['content-type', 'etag']) expect(head.headers.get(name)).toBe(got.headers.get(name));
    },
  );

  // RFC 9110 section 9.3.7: OPTIONS asks which methods there are.
  test.each([
    ['/Users', 'GET, HEAD, POST'],
    ['/Groups/x', 'GET, HEAD, PUT, PATCH, DELETE'],
    ['/Bulk', 'POST'],
  ])('OPTIONS %s tells that it understands %s', async (path, allowed) => {
    const answer = await send('OPTIONS', acme.baseUrl + path);
    expect([answer.status, await answer.text(), answer.headers.get('allow')]).toEqual([204, '', allowed]);
  });

  test('what is before the organization may have any letter case, as elsewhere in the service', async () => {
    const url = `${service.url}/API/V1/Scim/${acme.id}/v2/Users/${userId}`;
    expect((await send('GET', url)).status).toBe(200);
  });

  test('HEAD of what is not there answers 404', async () => {
    expect((await send('HEAD', `${acme.baseUrl}/Users/nobody`)).status).toBe(404);
  });
});
