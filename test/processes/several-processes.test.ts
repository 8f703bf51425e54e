import { randomBytes } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { endpoints } from '../../src/contract/endpoints.ts';
import { createRestClient } from '../../src/cli/rest-client.ts';
import { databaseUrl, runAsAdmin } from '../support/database.ts';
import { killStarted, rollcall, startRollcall, type RollcallProcess } from '../support/processes.ts';
import { engines, isMissing } from '../support/service.ts';

const adminKey = 'rc_admin_of-this-test';

describe.each(engines)('api and worker processes on one database, queues in %s', (engine) => {
  describe.skipIf(isMissing(engine))('', () => {
    const name = `processes${randomBytes(6).toString('hex')}`;
    let env: Record<string, string>;
    let db: Database;
    let apis: RollcallProcess[];
    let workers: RollcallProcess[];

    beforeAll(async () => {
      await runAsAdmin(inject('postgresUrl'), `CREATE DATABASE ${name}`);
      const url = databaseUrl(inject('postgresUrl'), name);
      const redisUrl = engine === 'redis' ? inject('redisUrl') : null;
      env = {
        DATABASE_URL: url,
        ROLLCALL_ADMIN_KEY: adminKey,
        PORT: '0',
        WORKER_PORT: '0',
        ...(redisUrl !== null && { REDIS_URL: redisUrl }),
      };
      db = openDatabase({ url, maxConnections: 1, applicationName: 'test', onIdleError: () => undefined });
    });
    afterAll(async () => {
      await killStarted();
      await db.close();
      await runAsAdmin(inject('postgresUrl'), `DROP DATABASE ${name} WITH (FORCE)`);
    });

    const urlOf = async (started: RollcallProcess) => (await started.shows(/"url":"(http:[^"]+)"/))[1] ?? '';

    test('migrate says what it did, also when several run at once', async () => {
      const runs = await Promise.all([rollcall(['migrate', '--json'], env), rollcall(['migrate', '--json'], env)]);
      expect(runs.map(({ code }) => code)).toEqual([0, 0]);
      const ran = runs.flatMap(({ output }) => (JSON.parse(output) as { migrations: string[] }).migrations);
      expect(ran).toContain('20261124090000_initial');
      expect(new Set(ran).size).toBe(ran.length);
      expect(await rollcall(['migrate'], env)).toEqual({ code: 0, output: 'The schema is current.\n' });
    });

    test('what one api process takes in, a worker applies, and every process tells of its health', async () => {
      apis = [startRollcall(['api'], env), startRollcall(['api'], env)];
      workers = [startRollcall(['worker'], env), startRollcall(['worker'], env)];
      const urls = await Promise.all([...apis, ...workers].map(urlOf));
      for (const url of urls) {
        const answer = await fetch(`${url}/readyz`);
        expect(await answer.json()).toMatchObject({
          status: 'ok',
          dependencies: { postgres: { status: 'ok' }, [engine === 'redis' ? 'redis' : 'queue']: { status: 'ok' } },
        });
        expect(await (await fetch(`${url}/metrics`)).text()).toContain('rollcall_oldest_unfinished_job_age_seconds 0');
      }
      const [api = '', otherApi = '', worker = ''] = urls;
      expect((await fetch(`${worker}/api/v1/organizations`)).status).toBe(404);

      const client = createRestClient({ url: api, adminKey });
      const organization = await client.call(endpoints.createOrganization, {
        parameters: {},
        body: { name: 'Acme', plan: 'business' },
      });
      const parameters = { organizationId: organization.id };
      await client.call(endpoints.setSsoConnection, {
        parameters,
        body: { provider: 'okta', status: 'active', defaultRole: 'viewer' },
      });
      await client.call(endpoints.addDomain, { parameters, body: { domain: `${name}.example`, verified: true } });
      const { token = '' } = await client.call(endpoints.setProvisioning, { parameters, body: { mode: 'scim' } });

      // The token of one api process is known to the other at once.
      const pushed = await fetch(`${otherApi}/api/v1/scim/${organization.id}/v2/Users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify({
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          userName: `ada@${name}.example`,
          active: true,
        }),
      });
      expect(pushed.status).toBe(201);
      await expect
        .poll(() => db.query<{ role: string }>(sql`SELECT role FROM users`), { timeout: 20_000 })
        .toEqual([{ role: 'viewer' }]);
      for (const api of apis) expect(api.output()).not.toContain(token);
    });

    test('a worker that is killed is replaced by the other; told to stop, all end in time and without an error', async () => {
      const [killed, survivor] = workers;
      killed?.kill('SIGKILL');
      await killed?.ended();
      for (const running of [survivor, ...apis]) {
        running?.kill('SIGTERM');
        expect(await running?.ended()).toEqual({ code: 0, signal: null });
        expect(running?.output()).not.toMatch(/"level":"(error|fatal)"/);
      }
    });
  });
});
