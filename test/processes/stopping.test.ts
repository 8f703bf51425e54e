/** SIGTERM: what is in flight is finished or handed back, nothing new is taken, and it ends with 0. */
import { randomBytes } from 'node:crypto';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createRestClient } from '../../src/cli/rest-client.ts';
import { endpoints } from '../../src/contract/endpoints.ts';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { databaseUrl, runAsAdmin } from '../support/database.ts';
import { killStarted, startRollcall, type RollcallProcess } from '../support/processes.ts';

const adminKey = 'rc_admin_of-this-test';
const name = `stopping${randomBytes(6).toString('hex')}`;
let env: Record<string, string>;
let db: Database;
let serve: RollcallProcess;
let url: string;
let organizationId: string;
let scim: (method: string, path: string, body?: unknown) => Promise<Response>;

const urlOf = async (started: RollcallProcess) => (await started.shows(/"url":"(http:[^"]+)"/, 60_000))[1] ?? '';

beforeAll(async () => {
  await runAsAdmin(inject('postgresUrl'), `CREATE DATABASE ${name} TEMPLATE ${inject('templateDatabase')}`);
  const database = databaseUrl(inject('postgresUrl'), name);
  env = { DATABASE_URL: database, ROLLCALL_ADMIN_KEY: adminKey, PORT: '0' };
  db = openDatabase({ url: database, maxConnections: 4, applicationName: 'test', onIdleError: () => undefined });
  serve = startRollcall(['serve'], env);
  url = await urlOf(serve);
  const client = createRestClient({ url, adminKey });
  const made = await client.call(endpoints.createOrganization, {
    parameters: {},
    body: { name: 'Acme', plan: 'business' },
  });
  organizationId = made.id;
  const parameters = { organizationId };
  await client.call(endpoints.setSsoConnection, {
    parameters,
    body: { provider: 'okta', status: 'active', defaultRole: 'viewer' },
  });
  await client.call(endpoints.addDomain, { parameters, body: { domain: `${name}.example`, verified: true } });
  const { token = '' } = await client.call(endpoints.setProvisioning, { parameters, body: { mode: 'scim' } });
  scim = (method, path, body) =>
    fetch(`${url}/api/v1/scim/${organizationId}/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
}, 120_000);
afterAll(async () => {
  await killStarted();
  await db.close();
  await runAsAdmin(inject('postgresUrl'), `DROP DATABASE ${name} WITH (FORCE)`);
});

const waiting = (query: string) =>
  db.query(sql`
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE ${`%${query}%`}`);

/** Users, 500 of whom are a page. */
const walked = 12_000;

test(
  'a slow request is finished, a long walk handed back, idle connections closed, new ones refused',
  { timeout: 120_000 },
  async () => {
    const added = await scim('POST', '/Users', { userName: `ada@${name}.example` });
    expect(added.status).toBe(201);
    const { id: userId } = (await added.json()) as { id: string };
    await expect.poll(() => db.query(sql`SELECT FROM sync_jobs`), { timeout: 20_000 }).toEqual([]);
    // So many pages that a walk takes longer than what is in flight beside it.
    await db.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name)
    SELECT ${organizationId}::uuid, new_id(), 'directory', 'u' || n || '@' || ${name}::text || '.example'
    FROM generate_series(1, ${walked}::integer) AS n`);

    // A connection that was used and is kept.
    const agent = new Agent({ keepAlive: true });
    const idle = await new Promise<{ closed: Promise<void> }>((resolve, reject) => {
      get(`${url}/healthz`, { agent }, (res) => {
        const { socket } = res;
        const closed = new Promise<void>((done) => socket.once('close', () => done()));
        res.resume().once('end', () => resolve({ closed }));
      }).once('error', reject);
    });

    const holder = await db.pool.connect();
    await holder.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0');
    await holder.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]);
    const resync = await fetch(`${url}/api/v1/organizations/${organizationId}/resync`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}` },
    });
    expect(resync.status).toBe(202);
    // The walk stands in its first page, and a request waits for the same row.
    await expect.poll(() => waiting('FOR NO KEY UPDATE'), { timeout: 20_000 }).toHaveLength(1);
    const slow = scim('PATCH', `/Users/${userId}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'title', value: 'Countess' }],
    });
    await expect.poll(() => waiting('UPDATE users SET managed_by'), { timeout: 20_000 }).toHaveLength(1);

    const toldAt = performance.now();
    serve.kill('SIGTERM');
    await idle.closed;
    agent.destroy();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow('fetch failed');
    await holder.query('ROLLBACK');
    holder.release();
    const answer = await slow;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await serve.ended(40_000)).toEqual({ code: 0, signal: null });
    expect(performance.now() - toldAt).toBeLessThan(30_000);

    const [job] = await db.query<{ attempts: number; status: string; progress: { done: number } | null }>(sql`
    SELECT attempts, status, progress FROM sync_jobs WHERE queue = 'workspace-mapping'`);
    // It went on while requests were drained, and stopped at the end of a page.
    expect(job?.attempts).toBe(0);
    const done = job?.progress?.done ?? 0;
    expect(done % 500).toBe(0);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(walked);
    expect(job?.status).not.toBe('failed');

    // The next process goes on where this one stopped.
    const next = startRollcall(['serve'], env);
    url = await urlOf(next);
    await expect.poll(() => db.query(sql`SELECT FROM sync_jobs`), { timeout: 60_000, interval: 200 }).toEqual([]);
    const [failed] = await db.query<{ count: number }>(
      sql`SELECT count(*) AS count FROM sync_logs WHERE status = 'FAILED'`,
    );
    expect(failed?.count).toBe(0);
    serve = next;
  },
);

test('a second signal ends it at once', { timeout: 60_000 }, async () => {
  const holder = await db.pool.connect();
  await holder.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE users IN EXCLUSIVE MODE');
  const cutOff = scim('POST', '/Users', { userName: `late@${name}.example` }).then(
    () => 'answered',
    () => 'cut off',
  );
  await expect.poll(() => waiting('INSERT INTO users'), { timeout: 20_000 }).toHaveLength(1);
  serve.kill('SIGTERM');
  await serve.shows(/stopping: finishing what is in flight/);
  await sleep(1_200);
  serve.kill('SIGTERM');
  expect(await serve.ended(5_000)).toEqual({ code: 130, signal: null });
  expect(await cutOff).toBe('cut off');
  await holder.query('ROLLBACK');
  holder.release();
});
