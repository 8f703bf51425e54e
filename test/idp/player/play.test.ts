import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { play, type StepResult } from './play.ts';
import { reportOfFailures } from './report.ts';
import { parseScenario } from './scenario.ts';

interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

interface Scripted {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

/** Plays steps against a server that answers as scripted and remembers what it was sent. */
async function playAgainst(
  respond: (request: Seen, count: number) => Scripted | Promise<Scripted>,
  steps: unknown[],
): Promise<{ results: StepResult[]; seen: Seen[]; baseUrl: string }> {
  const seen: Seen[] = [];
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(request);
      void Promise.resolve(respond(request, seen.length - 1)).then(({ status = 200, headers, body }) => {
        outgoing.writeHead(status, {
          ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
          ...headers,
        });
        outgoing.end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
  const scenario = parseScenario(steps.map((step, index) => ({ name: `step ${index + 1}`, ...(step as object) })));
  return { results: await play(scenario, { baseUrl, token: 'secret' }), seen, baseUrl };
}

const get = { method: 'GET', path: '/Users' };
const outcomes = (results: StepResult[]): string[] => results.map(({ outcome }) => outcome);

test('sends the default headers, without a content type where there is no body', async () => {
  const { seen } = await playAgainst(() => ({ body: {} }), [get]);
  expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', accept: 'application/scim+json' });
  expect(seen[0]?.headers).not.toHaveProperty('content-type');
});

test('adds, overrides and removes headers whatever their letter case', async () => {
  const headers = { AUTHORIZATION: 'none', accept: null, 'X-Note': '{{base}}', 'content-type': 'text/plain' };
  const { seen, baseUrl } = await playAgainst(
    () => ({ body: {} }),
    [{ ...get, method: 'POST', headers, rawBody: '{' }],
  );
  expect(seen[0]?.headers).toMatchObject({ authorization: 'none', 'x-note': baseUrl, 'content-type': 'text/plain' });
  expect(seen[0]?.headers).not.toHaveProperty('accept');
  expect(seen[0]?.body).toBe('{');
});

test('sends the path exactly as it is written', async () => {
  const path = '/Users/../%55sers//;x?filter=a+eq+%22b%22';
  const { seen } = await playAgainst(() => ({ body: {} }), [{ ...get, path }]);
  expect(seen[0]?.path).toBe(`/base${path}`);
});

test('uses an absolute address alone, also one that was saved', async () => {
  const { seen } = await playAgainst(
    ({ headers }) => ({ body: {}, headers: { location: `http://${headers.host ?? ''}/elsewhere` } }),
    [
      { ...get, save: { at: 'header:Location' } },
      { ...get, path: '{{at}}' },
    ],
  );
  expect(seen[1]?.path).toBe('/elsewhere');
});

test('makes new tokens for each play and keeps them within it', async () => {
  const steps = [
    { ...get, path: '/{{run}}/{{RUN}}/{{uuid1}}' },
    { ...get, path: '/{{run}}/{{RUN}}/{{uuid1}}' },
  ];
  const first = await playAgainst(() => ({ body: {} }), steps);
  server?.close();
  const second = await playAgainst(() => ({ body: {} }), steps);
  expect(first.seen[0]?.path).toBe(first.seen[1]?.path);
  expect(first.seen[0]?.path).not.toBe(second.seen[0]?.path);
});

test('saves values with their type for later steps', async () => {
  const { seen } = await playAgainst(
    () => ({
      body: { total: 3, Resources: [{ id: 'u1' }], schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'] },
    }),
    [
      { ...get, save: { total: 'total', id: 'Resources[0].id' } },
      { method: 'POST', path: '/Users/{{id}}', body: { n: '{{json:total}}', text: '{{total}}' } },
    ],
  );
  expect(seen[1]?.path).toBe('/base/Users/u1');
  expect(JSON.parse(seen[1]?.body ?? '')).toEqual({ n: 3, text: '3' });
});

test('fails a step that has nothing to save, and the one that needed it', async () => {
  const { results } = await playAgainst(
    () => ({ body: {} }),
    [{ ...get, save: { id: 'id' } }, { ...get, path: '/Users/{{id}}' }, get],
  );
  expect(outcomes(results)).toEqual(['failed', 'failed', 'passed']);
  expect(results.flatMap(({ reasons }) => reasons)).toEqual(['nothing to save at id', 'there is no variable "id"']);
});

test('repeats a step, and runs another over what it saved', async () => {
  const { seen, results } = await playAgainst(
    (_, count) => ({ body: { id: `u${count}` } }),
    [
      { ...get, repeat: 3, path: '/{{i}}/{{n}}', save: { 'ids[]': 'id' } },
      { ...get, forEach: 'ids', path: '/{{i}}/{{item}}' },
    ],
  );
  expect(outcomes(results)).toEqual(['passed', 'passed']);
  expect(seen.map(({ path }) => path)).toEqual([
    '/base/0/1',
    '/base/1/2',
    '/base/2/3',
    '/base/0/u0',
    '/base/1/u1',
    '/base/2/u2',
  ]);
});

test('runs repetitions in parallel and saves in their order', async () => {
  let waiting: (() => void)[] = [];
  const { seen, results } = await playAgainst(
    async ({ path }, count) => {
      // The first three answers wait for each other, so they pass only when they were sent together.
      if (count < 3) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 3) {
            waiting.reverse().forEach((go) => go());
            waiting = [];
          }
        });
      }
      return { body: { id: path.slice('/base/'.length) } };
    },
    [
      { ...get, repeat: 3, parallel: 3, path: '/{{i}}', save: { 'ids[]': 'id' } },
      { method: 'POST', path: '/all', body: '{{json:ids}}' },
    ],
  );
  expect(outcomes(results)).toEqual(['passed', 'passed']);
  expect(seen.at(-1)?.body).toBe('["0","1","2"]');
});

test('holds when one alternative holds, and reports the closest when none does', async () => {
  const expectations = [
    { status: [404], body: { a: 1 } },
    { status: [200], body: { a: 2 } },
  ];
  const { results } = await playAgainst(
    (_, count) => ({ body: { a: count === 0 ? 2 : 3 } }),
    [
      { ...get, expect: expectations },
      { ...get, expect: expectations },
    ],
  );
  expect(outcomes(results)).toEqual(['passed', 'failed']);
  expect(results[1]?.reasons).toEqual(['body.a: 3, not 2']);
});

test('checks status, headers, body and absences', async () => {
  const { results } = await playAgainst(
    () => ({ body: { a: 1, b: [], c: 'x' }, headers: { etag: 'W/"1"' } }),
    [
      { ...get, expect: { status: [200], headers: { ETag: { $regex: '^W/' } }, body: { a: 1 }, absent: ['b', 'd.e'] } },
      { ...get, expect: { status: [201, 204], headers: { ETag: 'W/"2"' }, body: { a: 2 }, absent: ['c'] } },
    ],
  );
  expect(outcomes(results)).toEqual(['passed', 'failed']);
  expect(results[1]?.reasons).toEqual([
    'status 200, not 201 or 204',
    'header ETag: "W/\\"1\\"", not "W/\\"2\\""',
    'body.a: 1, not 2',
    'c is there',
  ]);
});

test('looks at no body after a 204', async () => {
  const { results } = await playAgainst(
    () => ({ status: 204 }),
    [{ ...get, expect: { status: [200, 204], body: { a: 1 } } }],
  );
  expect(outcomes(results)).toEqual(['passed']);
});

test('applies the standing rules unless a step switches them off', async () => {
  const { results } = await playAgainst(() => ({ body: { password: 'x' } }), [get, { ...get, standing: false }]);
  expect(outcomes(results)).toEqual(['failed', 'passed']);
});

test('skips a step whose features are not there, asking for them once', async () => {
  const { results, seen } = await playAgainst(
    ({ path }) => ({ body: path.endsWith('Config') ? { bulk: { supported: true }, sort: { supported: 'true' } } : {} }),
    [
      { ...get, needs: 'bulk.supported' },
      { ...get, needs: ['bulk.supported', 'sort.supported'] },
      { ...get, needs: 'etag.supported' },
    ],
  );
  expect(outcomes(results)).toEqual(['passed', 'skipped', 'skipped']);
  expect(seen.map(({ path }) => path)).toEqual(['/base/ServiceProviderConfig', '/base/Users']);
});

test('fails a step whose request finds nobody', async () => {
  const { results } = await playAgainst(() => ({}), [{ ...get, path: 'http://127.0.0.1:1/' }]);
  expect(outcomes(results)).toEqual(['failed']);
});

test('reports failed steps with the exchange that shows it', async () => {
  const { results } = await playAgainst(() => ({ body: { a: 1 } }), [get, { ...get, expect: { body: { a: 2 } } }]);
  expect(reportOfFailures(results)).toBe('step 2 "step 2"\n  body.a: 1, not 2\nGET /Users\n-> 200\n{"a":1}');
});

test('refuses a scenario with a member that the format does not know', () => {
  expect(() => parseScenario([{ ...get, name: 'x', expects: {} }])).toThrow('expects');
});
