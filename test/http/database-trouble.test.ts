/** F9: whatever is wrong with Postgres, callers hear 503 with Retry-After: never 401, 404, 409 or 500. */
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PostgresProxy } from '../support/postgres-proxy.ts';
import { startServiceBehindProxy } from '../support/service-behind-proxy.ts';
import type { TestOrganization, TestService } from '../support/service.ts';
import { startStopwatch } from '../support/stopwatch.ts';

let service: TestService;
let proxy: PostgresProxy;
let acme: TestOrganization;
let user: string;
beforeAll(async () => {
  ({ service, proxy } = await startServiceBehindProxy());
  acme = await service.organization();
  user = await acme.user(`ada@${acme.id}.example`);
  await service.quiet();
  // Raises what `app.trouble` says, wherever the service writes or reads that way.
  await service.db.pool.query(`
    CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE state text := (SELECT sqlstate FROM trouble);
    BEGIN IF state IS NOT NULL THEN RAISE EXCEPTION 'trouble' USING ERRCODE = state; END IF; RETURN NEW; END $$;
    CREATE TABLE trouble (sqlstate text);
    CREATE TRIGGER trouble BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION trouble();
    CREATE TRIGGER trouble BEFORE INSERT OR UPDATE ON workspaces FOR EACH ROW EXECUTE FUNCTION trouble()`);
});
afterAll(() => service.close());

const requests: [name: string, send: () => ReturnType<TestService['admin']>][] = [
  ['SCIM create', () => acme.scim('POST', '/Users', { userName: `new@${acme.id}.example` })],
  ['SCIM replace', () => acme.scim('PUT', `/Users/${user}`, { userName: `ada@${acme.id}.example`, title: 'X' })],
  ['admin write', () => service.admin('POST', `/organizations/${acme.id}/workspaces`, { name: 'Web' })],
];

async function expectUnavailable(): Promise<void> {
  for (const [name, send] of requests) {
    const { status, headers } = await send();
    expect([name, status, headers.get('retry-after')]).toEqual([name, 503, '2']);
  }
}

test.each([
  ['40001', 'serialization failure'],
  ['40P01', 'deadlock'],
  ['08006', 'connection failure'],
  ['25006', 'read-only'],
  ['53100', 'disk full'],
  ['53200', 'out of memory'],
  ['53300', 'too many connections'],
  ['55P03', 'lock not available'],
  ['57014', 'statement timeout'],
  ['57P01', 'shutting down'],
  ['57P03', 'starting up'],
  ['58030', 'I/O error'],
])('%s (%s) is answered 503, and nothing is changed', async (state) => {
  await service.db.query(sql`INSERT INTO trouble VALUES (${state})`);
  try {
    await expectUnavailable();
  } finally {
    await service.db.query(sql`DELETE FROM trouble`);
  }
  expect(await service.db.query(sql`SELECT FROM users WHERE organization_id = ${acme.id}`)).toHaveLength(1);
});

test('a database that was set read-only is answered 503', async () => {
  const { pathname } = new URL(service.databaseUrl);
  await service.db.pool.query(`ALTER DATABASE ${pathname.slice(1)} SET default_transaction_read_only = on`);
  try {
    await service.db.query(sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'app'`);
    await expectUnavailable();
  } finally {
    await service.db.pool.query(`
      SET SESSION default_transaction_read_only = off;
      ALTER DATABASE ${pathname.slice(1)} RESET default_transaction_read_only`);
    await service.db.query(sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'app'`);
  }
});

test('a server that refuses connections is answered 503, nothing piles up, and it goes on when it is back', async () => {
  proxy.refusing = true;
  await service.db.query(sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'app'`);
  await expectUnavailable();
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => acme.scim('GET', '/Users?count=1')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  }
  proxy.refusing = false;
  expect((await acme.scim('GET', '/Users?count=1')).status).toBe(200);
});

test('a connection that swallows everything is answered 503 within ten seconds', { timeout: 60_000 }, async () => {
  proxy.blackhole = true;
  // The service only waits meanwhile, though in this process.
  const stopwatch = startStopwatch();
  try {
    const answers = await Promise.all(requests.map(([, send]) => send()));
    expect(stopwatch.ms()).toBeLessThan(11_500);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
  } finally {
    stopwatch.stop();
  }
  proxy.blackhole = false;
  await expect.poll(async () => (await acme.scim('GET', '/Users?count=1')).status, { timeout: 15_000 }).toBe(200);
});
