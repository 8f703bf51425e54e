/**
 * A11: bodies over the limit; the credential is checked before any of it is read.
 * A12: bodies that are nested, broken, compressed to burst, or of another kind.
 */
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';
import { openRawClient, type RawClient } from './raw-client.ts';

let service: TestService;
let acme: TestOrganization;
let raw: RawClient;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  raw = openRawClient(service.url);
});
afterAll(async () => {
  raw.close();
  await service.close();
});

const users = () => `/api/v1/scim/${acme.id}/v2/Users`;
const headers = (more: Record<string, string> = {}) => ({
  authorization: `Bearer ${acme.token}`,
  'content-type': 'application/scim+json',
  ...more,
});
const post = (body: Buffer | string, more: Record<string, string> = {}, path = users()) =>
  raw.send({ method: 'POST', path, headers: headers(more), body });

const megabyte = 1_048_576;

/** Sends a head that announces a body, and none of the body. @returns the status of the answer */
function announce(head: string[]): Promise<number> {
  const { hostname, port } = new URL(service.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write([...head, '', ''].join('\r\n')));
    socket.setTimeout(5_000, () => socket.destroy(new Error('the service waits for the body')));
    socket.once('error', reject);
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString())?.[1]));
    });
  });
}

describe('A11', () => {
  test.each<[name: string, token: () => string, length: number, status: number]>([
    ['over the limit, with a token: 413', () => acme.token, 9 * megabyte, 413],
    ['without end, with a token: 413', () => acme.token, 2 ** 50, 413],
    ['over the limit, without a token: 401', () => 'none', 9 * megabyte, 401],
    ['allowed, without a token: 401', () => 'none', megabyte, 401],
  ])('an announced body %s, with none of it read', async (_, token, length, status) => {
    const head = (path: string) => [
      `POST ${path} HTTP/1.1`,
      'Host: x',
      `Authorization: Bearer ${token()}`,
      'Content-Type: application/json',
      `Content-Length: ${length}`,
    ];
    for (const path of [users(), `/api/v1/scim/${acme.id}/v2/Bulk`]) expect(await announce(head(path))).toBe(status);
    // On the admin API a SCIM token is no credential at all.
    expect(await announce(head('/api/v1/organizations'))).toBe(401);
  });

  test('a body in chunks that goes over the limit is cut off with 413', async () => {
    const answer = await raw.send({
      method: 'POST',
      path: users(),
      headers: headers(),
      body: Buffer.alloc(9 * megabyte, ' '),
    });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.text)).toMatchObject({ status: '413' });
  });

  test('a body on the admin API that goes over its limit is 413 problem+json', async () => {
    const answer = await raw.send({
      method: 'POST',
      path: '/api/v1/organizations',
      headers: { authorization: `Bearer ${service.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x'.repeat(2 * megabyte), plan: 'free' }),
    });
    expect(answer.status).toBe(413);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test('a sign-in takes 4 kB, also compressed', async () => {
    const body = JSON.stringify({ adminKey: 'x'.repeat(8_000) });
    for (const packed of [undefined, gzipSync(body)]) {
      const answer = await raw.send({
        method: 'POST',
        path: '/api/v1/session',
        headers: { 'content-type': 'application/json', ...(packed && { 'content-encoding': 'gzip' }) },
        body: packed ?? body,
      });
      expect(answer.status).toBe(413);
    }
  });
});

const nested = (depth: number, open: string, close: string) =>
  `{"userName":"deep@acme.example","custom":${open.repeat(depth)}1${close.repeat(depth)}}`;
const valid = '{"userName":"valid@acme.example"}';

describe('A12', () => {
  test.each<[name: string, body: Buffer | string, headers: Record<string, string>, status: number, scimType?: string]>([
    ['65 lists', nested(65, '[', ']'), {}, 400, 'invalidSyntax'],
    ['65 objects', nested(65, '{"a":', '}'), {}, 400, 'invalidSyntax'],
    ['100,000 lists', nested(100_000, '[', ']'), {}, 400, 'invalidSyntax'],
    ['100,000 open lists', '['.repeat(100_000), {}, 400, 'invalidSyntax'],
    ['100,000 open objects', '{"a":'.repeat(100_000), {}, 400, 'invalidSyntax'],
    ['no body', '', {}, 400, 'invalidSyntax'],
    ['blanks', '   ', {}, 400, 'invalidSyntax'],
    ['null', 'null', {}, 400, 'invalidSyntax'],
    ['a list', '[]', {}, 400, 'invalidSyntax'],
    ['a text', '"x"', {}, 400, 'invalidSyntax'],
    ['a number', '1e400', {}, 400, 'invalidSyntax'],
    ['half a body', '{"userName":"', {}, 400, 'invalidSyntax'],
    ['a trailing comma', '{"userName":"a@acme.example",}', {}, 400, 'invalidSyntax'],
    ['a trailing byte', `${valid}x`, {}, 400, 'invalidSyntax'],
    ['two bodies', `${valid}${valid}`, {}, 400, 'invalidSyntax'],
    ['a NUL at the end', `${valid}\0`, {}, 400, 'invalidSyntax'],
    ['a comment', `${valid}/* */`, {}, 400, 'invalidSyntax'],
    ['single quotes', "{'userName':'a@acme.example'}", {}, 400, 'invalidSyntax'],
    ['NaN', '{"userName":NaN}', {}, 400, 'invalidSyntax'],
    [
      'broken UTF-8',
      Buffer.concat([Buffer.from('{"userName":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
      {},
      400,
      'invalidSyntax',
    ],
    [
      'an overlong encoding',
      Buffer.concat([Buffer.from('{"userName":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
      {},
      400,
      'invalidSyntax',
    ],
    ['half a surrogate pair', '{"userName":"a@acme.example","title":"\\ud800"}', {}, 400],
    ['UTF-16', Buffer.from(valid, 'utf16le'), {}, 400, 'invalidSyntax'],
    ['a charset of another time', valid, { 'content-type': 'application/scim+json; charset=utf-16' }, 415],
    ['no type', valid, { 'content-type': '' }, 415],
    ['text', valid, { 'content-type': 'text/plain' }, 415],
    ['a form', 'userName=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['XML', '<x/>', { 'content-type': 'application/xml' }, 415],
    ['a type that looks like it', valid, { 'content-type': 'application/scim+jsonx' }, 415],
    ['an encoding that is none', valid, { 'content-encoding': 'rot13' }, 415],
    ['gzip that is none', valid, { 'content-encoding': 'gzip' }, 400, 'invalidSyntax'],
    ['gzip cut short', gzipSync(valid).subarray(0, 20), { 'content-encoding': 'gzip' }, 400, 'invalidSyntax'],
    ['gzip that bursts', gzipSync(Buffer.alloc(16 * megabyte, ' ')), { 'content-encoding': 'gzip' }, 413],
    ['deflate that bursts', deflateSync(Buffer.alloc(16 * megabyte, ' ')), { 'content-encoding': 'deflate' }, 413],
    ['br that bursts', brotliCompressSync(Buffer.alloc(16 * megabyte, ' ')), { 'content-encoding': 'br' }, 413],
  ])('%s', async (_, body, more, status, scimType) => {
    const before = process.memoryUsage().rss;
    const answer = await post(body, more);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.headers['content-type']).toContain('application/scim+json');
    if (scimType !== undefined) expect(JSON.parse(answer.text)).toMatchObject({ scimType });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * megabyte);
  });

  test('64 levels are not too many', async () => {
    expect((await post(nested(60, '[', ']'))).status).toBe(201);
  });

  test('the error never repeats what was sent', async () => {
    const answer = await post('{"userName":"x","password":"correct horse" "battery');
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('correct horse');
  });

  test('none of all this was stored', async () => {
    const rows = await service.db.query(sql`SELECT user_name FROM users WHERE user_name <> 'deep@acme.example'`);
    expect(rows).toEqual([]);
  });
});
