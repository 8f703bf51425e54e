import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { expectNoDrift, untilQuiet } from '../support/access-oracle.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { hasPgBouncer, startPgBouncer, type PgBouncer } from '../support/pgbouncer.ts';
import { killStarted, startRollcall } from '../support/processes.ts';

const adminKey = 'rc_admin_of-this-test';

/** What docs/scaling.md says has to come from the server, because the pooler passes no settings on. */
const settings = {
  enable_seqscan: 'off',
  jit: 'off',
  statement_timeout: '8s',
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '10s',
};

describe.skipIf(inject('redisUrl') === null || !hasPgBouncer())('behind PgBouncer in transaction mode', () => {
  let db: TestDatabase;
  let bouncer: PgBouncer;
  let url: string;
  beforeAll(async () => {
    db = await createTestDatabase();
    const name = new URL(db.url).pathname.slice(1);
    for (const [setting, value] of Object.entries(settings)) {
      await db.pool.query(`ALTER DATABASE "${name}" SET ${setting} = '${value}'`);
    }
    bouncer = await startPgBouncer(db.url);
    const environment = {
      DATABASE_URL: bouncer.url,
      REDIS_URL: inject('redisUrl') ?? '',
      ROLLCALL_ADMIN_KEY: adminKey,
      DATABASE_PREPARED_STATEMENTS: 'off',
      PORT: '0',
    };
    startRollcall(['worker'], environment);
    const api = startRollcall(['api'], environment);
    url = (await api.shows(/http:\/\/127\.0\.0\.1:\d+/))[0];
    await api.shows(/is ready/);
  });
  afterAll(async () => {
    await killStarted();
    await bouncer.stop();
    await db.close();
  });

  async function send(method: string, address: string, body?: unknown, token = adminKey): Promise<unknown> {
    const response = await fetch(address, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.ok, `${method} ${address}: ${response.status} ${text}`).toBe(true);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  test('requests at once share three sessions, and everybody ends with the access that groups and mappings say', async () => {
    const rest = `${url}/api/v1/organizations`;
    const { id } = (await send('POST', rest, { name: 'Acme', plan: 'business' })) as { id: string };
    await send('PUT', `${rest}/${id}/sso-connection`, { provider: 'okta', status: 'active', defaultRole: 'viewer' });
    await send('POST', `${rest}/${id}/domains`, { domain: 'acme.example' });
    await send('POST', `${rest}/${id}/domains/acme.example/verify`, { verified: true });
    const scim = (await send('PUT', `${rest}/${id}/provisioning`, { mode: 'scim' })) as { token: string };
    const base = `${url}/api/v1/scim/${id}/v2`;
    const people = Array.from({ length: 40 }, (_, n) => `person-${n}@acme.example`);
    const users = (await Promise.all(
      people.map((userName) => send('POST', `${base}/Users`, { userName }, scim.token)),
    )) as { id: string }[];
    const members = users.map((user) => ({ value: user.id }));
    const group = (await send('POST', `${base}/Groups`, { displayName: 'All', members }, scim.token)) as { id: string };
    const workspace = (await send('POST', `${rest}/${id}/workspaces`, { name: 'Docs' })) as { id: string };
    const mapping = { workspaceIds: [workspace.id], role: 'developer' };
    await send('PUT', `${rest}/${id}/groups/${group.id}/mapping`, mapping);
    await Promise.all(
      users.slice(0, 20).map((user, n) => {
        const Operations = [{ op: 'replace', path: 'active', value: n % 2 === 0 }];
        return send('PATCH', `${base}/Users/${user.id}`, { Operations }, scim.token);
      }),
    );

    await untilQuiet(db);
    await expectNoDrift(db, id);
    const [row] = await db.query<{ grants: number }>(sql`
      SELECT count(*) AS grants FROM effective_access WHERE organization_id = ${id}`);
    expect(row?.grants).toBe(30);
  });
});
