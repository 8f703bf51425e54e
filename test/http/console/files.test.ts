import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleRouter } from '../../../src/http/console/console-files.ts';

describe('the files of the console', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-console-'));
  let server: Server;
  let url: string;

  beforeAll(async () => {
    mkdirSync(join(directory, 'assets'));
    const files = {
      'index.html': '<script src="/assets/a-1.js" nonce="__CSP_NONCE__"></script><meta nonce="__CSP_NONCE__">',
      'assets/a-1.js': 'plain()',
      'assets/a-1.js.br': 'as brotli',
      'assets/a-1.js.gz': 'as gzip',
      'icon.svg': '<svg/>',
      'notes.txt': 'not for the web',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    server = await serve(directory);
    url = urlOf(server);
  });
  afterAll(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });

  test.each(['/', '/sign-in', '/organizations', '/organizations/1/logs?status=FAILED', '/operations'])(
    'answers %s with the page, never kept, under a policy with a nonce of its own',
    async (path) => {
      const [first, second] = await Promise.all([fetch(url + path), fetch(url + path)]);
      const nonces = [first, second].map(
        ({ headers }) => /style-src 'self' 'nonce-([^']+)'/.exec(headers.get('content-security-policy') ?? '')?.[1],
      );
      expect(first.status).toBe(200);
      expect(first.headers.get('cache-control')).toBe('no-store');
      expect(first.headers.get('content-security-policy')).not.toContain('unsafe');
      expect(nonces[0]).not.toBe(nonces[1]);
      const html = await first.text();
      expect(html.split(`nonce="${nonces[0] ?? ''}"`)).toHaveLength(3);
      expect(html).not.toContain('__CSP_NONCE__');
    },
  );

  test.each([
    ['br, gzip', 'br', 'as brotli'],
    ['gzip', 'gzip', 'as gzip'],
    ['identity', undefined, 'plain()'],
  ])(
    'sends a script to a browser that accepts %s as it was compressed by the build',
    async (accepts, encoding, text) => {
      const answer = await get(`${url}/assets/a-1.js`, { 'accept-encoding': accepts });
      expect(answer).toMatchObject({ status: 200, text });
      expect(answer.headers).toMatchObject({
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'Accept-Encoding',
      });
      expect(answer.headers['content-encoding']).toBe(encoding);
    },
  );

  test('lets a browser ask again for a file whose name says nothing of what is in it', async () => {
    expect((await get(`${url}/icon.svg`)).headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'cache-control': 'no-cache',
    });
  });

  test.each([
    '/assets/a-2.js',
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/..%2f..%2fetc/passwd.js',
    '/assets/a-1.js.br',
    '/notes.txt',
    '/index.html',
    '/assets',
    '/toString.js',
  ])('knows nothing of %s', async (path) => {
    expect((await get(url + path)).status).toBe(404);
  });

  test('a write to a page is none of it', async () => {
    expect((await fetch(`${url}/organizations`, { method: 'POST' })).status).toBe(404);
  });

  test('where the console was not built, the start page says so, and where the rest is', async () => {
    const other = await serve(join(directory, 'nowhere'));
    expect(await (await fetch(urlOf(other))).text()).toContain('npm run build');
    other.close();
  });
});

async function serve(directory: string): Promise<Server> {
  const server = createServer(express().use(consoleRouter(directory)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Without what fetch does by itself: it resolves dots, and unpacks what was compressed. */
function get(url: string, headers: Record<string, string> = {}) {
  const { port, origin } = new URL(url);
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; text: string }>(
    (resolve, reject) => {
      request({ host: '127.0.0.1', port, path: url.slice(origin.length), headers }, (res) => {
        let text = '';
        res.setEncoding('utf8');
        res.on('data', (part: string) => (text += part));
        res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, text }));
      })
        .on('error', reject)
        .end();
    },
  );
}
