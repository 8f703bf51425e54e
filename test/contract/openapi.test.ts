import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/contract/endpoint.ts';
import { endpoints } from '../../src/contract/endpoints.ts';
import { openApiDocument } from '../../src/http/openapi/document.ts';
import { startAdminApi, type AdminApi } from '../http/admin/start-admin-api.ts';

let api: AdminApi;
beforeAll(async () => {
  api = await startAdminApi();
});
afterAll(() => api.close());

interface Document {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, unknown> };
}

test('the document is served and lists every operation', async () => {
  const response = await fetch(`${api.url}/api/openapi.json`);
  const document = (await response.json()) as Document;
  expect(document.openapi).toBe('3.1.0');
  expect(document.servers).toEqual([{ url: `${api.url}/api/v1` }]);
  for (const endpoint of Object.values<Endpoint>(endpoints)) {
    const operation = document.paths[endpoint.path]?.[endpoint.method];
    expect(operation?.operationId).toBe(endpoint.operationId);
    expect(Object.keys(operation?.responses ?? {})).toContain(String(endpoint.status));
  }
});

test('operation ids are unique and are the names in the contract', () => {
  expect(Object.values<Endpoint>(endpoints).map(({ operationId }) => operationId)).toEqual(Object.keys(endpoints));
});

test('every reference resolves, and no request field is lost', () => {
  const text = JSON.stringify(openApiDocument('http://x'));
  const { components } = JSON.parse(text) as Document;
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    expect(Object.keys(components.schemas)).toContain(name);
  }
  expect(text).not.toContain('$defs');
  expect(components.schemas['SaveMapping']).toMatchObject({
    type: 'object',
    required: ['workspaceIds', 'role'],
    properties: { workspaceIds: { type: 'array', maxItems: 1_000 } },
  });
});

describe('the page to read it', () => {
  test('needs no inline script and nothing from elsewhere', async () => {
    const response = await fetch(`${api.url}/api/docs`);
    const html = await response.text();
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(html).not.toMatch(/<script>|https?:\/\//);
    for (const [, asset = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await fetch(new URL(asset, `${api.url}/api/docs`))).status).toBe(200);
    }
  });

  test('serves nothing else of its package', async () => {
    expect((await fetch(`${api.url}/api/docs/package.json`)).status).toBe(404);
    expect((await fetch(`${api.url}/api/docs/%2e%2e%2fpackage.json`)).status).toBe(404);
  });
});
