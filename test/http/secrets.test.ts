import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createTokenSecret } from '../../src/provisioning/token-secret.ts';
import { runCli } from '../cli/run-cli.ts';
import { engines, isMissing, startService, type EngineName, type TestService } from '../support/service.ts';

/** Sent as passwords and the like; nothing of ours has a use for them. */
const passwords = ['correct-horse-battery', 'Tr0ub4dor-and-3', 'swordfish-in-the-bulk'];

/** Everything that a run has produced, by where it can be read. */
interface Produced {
  logLines: string[];
  jobRows: string[];
  queueData: string[];
  exports: string[];
  syncLogRows: string[];
  errors: { request: string; body: string }[];
  operators: string[];
  commandLine: string[];
}

/**
 * Traffic as the suite makes it: providers at work, admins, mistakes, attacks, jobs that fail. Then everything that it
 * left anywhere is searched for what was secret, and for who it was about.
 */
describe.skipIf(isMissing('redis')).each(engines)('after a run with queues in %s', (engine) => {
  let service: TestService;
  const produced: Produced = {
    logLines: [],
    jobRows: [],
    queueData: [],
    exports: [],
    syncLogRows: [],
    errors: [],
    operators: [],
    commandLine: [],
  };
  const secrets: string[] = [...passwords];
  let people: string[] = [];

  beforeAll(async () => {
    service = await startService({ engine });
    await keepJobRows(service);
    const restore = keepErrors(produced.errors);
    secrets.push(service.adminKey, ...(await run(service, produced)));
    await collect(service, engine, produced);
    restore();
    people = await peopleOf(service);
  }, 120_000);
  afterAll(() => service.close());

  test('there is something to search', () => {
    for (const [where, texts] of Object.entries(produced) as [string, unknown[]][])
      expect(texts.length, where).toBeGreaterThan(0);
    expect(people.length).toBeGreaterThan(50);
    expect(secrets.length).toBeGreaterThan(8);
    // Jobs failed, and that was told.
    expect(produced.logLines.some((line) => /"level":"(warn|error)"/.test(line))).toBe(true);
    expect(produced.errors.map(({ body }) => /"status":"?(\d{3})/.exec(body)?.[1])).toEqual(
      expect.arrayContaining(['400', '401', '403', '404', '409', '415', '500']),
    );
  });

  test('no token, key or password is anywhere', () => {
    const texts = Object.entries(produced).flatMap(([where, found]: [string, Produced[keyof Produced]]) =>
      found.map((text) => `${where}: ${typeof text === 'string' ? text : text.body}`),
    );
    for (const secret of secrets) {
      const hash = createHash('sha256').update(secret).digest();
      for (const form of [secret, hash.toString('hex'), hash.toString('base64')]) {
        expect(texts.find((text) => text.includes(form))).toBeUndefined();
      }
    }
  });

  test.each(['logLines', 'jobRows', 'queueData', 'operators'] as const)('%s hold no personal data', (where) => {
    for (const person of people) {
      const spellings = [person, encodeURIComponent(person)];
      const found = produced[where].find((text) => spellings.some((spelling) => text.toLowerCase().includes(spelling)));
      expect(found, person).toBeUndefined();
    }
  });

  test('an error names nobody whom the request did not name', () => {
    for (const { request, body } of produced.errors) {
      const told = people.filter((person) => body.toLowerCase().includes(person));
      expect(told.filter((person) => !request.toLowerCase().includes(person))).toEqual([]);
    }
  });
});

/** Job rows are gone when their work is done: a trigger keeps a copy of each state. */
async function keepJobRows({ db }: TestService): Promise<void> {
  await db.query(sql`CREATE TABLE seen_jobs (content text)`);
  await db.query(sql`
    CREATE FUNCTION keep_job() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO seen_jobs VALUES (to_jsonb(NEW)::text); RETURN NULL; END $$`);
  await db.query(sql`
    CREATE TRIGGER keep_job AFTER INSERT OR UPDATE ON sync_jobs FOR EACH ROW EXECUTE FUNCTION keep_job()`);
}

/** Notes every answer of this process' requests that is an error. */
function keepErrors(errors: Produced['errors']): () => void {
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await original(input, init);
    if (response.status >= 400) {
      const url = input instanceof Request ? input.url : input.toString();
      const request = `${decodeURIComponent(url)} ${typeof init?.body === 'string' ? init.body : ''}`;
      errors.push({ request, body: await response.clone().text() });
    }
    return response;
  };
  return () => {
    globalThis.fetch = original;
  };
}

/** @returns the secrets that it was given and made up */
async function run(service: TestService, { commandLine }: Produced): Promise<string[]> {
  const acme = await service.organization({ name: 'Acme' });
  const admin = (method: string, path: string, body?: unknown) =>
    service.admin(method, `/organizations/${acme.id}${path}`, body);
  const secrets = [acme.token];
  for (const role of ['admin', 'viewer'])
    secrets.push(String((await admin('POST', '/admin-keys', { name: role, role })).body['key']));
  const rotated = String((await admin('POST', '/scim-tokens/rotate')).body['token']);
  secrets.push(rotated);

  for (const provider of ['okta', 'entra', 'onelogin']) {
    const words = [
      'simulate',
      provider,
      '--base-url',
      acme.baseUrl,
      '--token',
      rotated,
      '--users',
      '12',
      '--groups',
      '2',
    ];
    const { stdout, stderr } = await runCli(words, {});
    commandLine.push(stdout, stderr);
  }

  // Passwords, wherever a provider or a mistake can put them.
  const [first = '', second = '', third = ''] = passwords;
  const ada = await acme.user('ada.lovelace@acme.example', { displayName: 'Ada Lovelace', password: first });
  const patch = (...Operations: object[]) => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations,
  });
  await acme.scim('PATCH', `/Users/${ada}`, patch({ op: 'replace', path: 'password', value: second }));
  await acme.scim('PATCH', `/Users/${ada}`, patch({ op: 'add', value: { password: second, nickName: 'Countess' } }));
  await acme.scim('PUT', `/Users/${ada}`, { userName: 'ada.lovelace@acme.example', password: first });
  await acme.scim('POST', '/Users', { userName: 'no address', password: first });
  await acme.scim('POST', '/Users', { userName: 'ada.lovelace@acme.example', password: first });
  await acme.scim('POST', '/Users', `{"userName":"x","password":"${second}" broken`);
  await acme.scim('POST', '/Users', `password=${second}`, { 'content-type': 'text/plain' });
  await acme.scim('POST', '/Bulk', {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
    Operations: [{ method: 'POST', path: '/Users', bulkId: 'a', data: { userName: 'broken', password: third } }],
  });

  // Credentials and addresses in the wrong places.
  const stray = createTokenSecret('rc_scim_').token;
  secrets.push(stray);
  const anywhere = async (path: string, headers: Record<string, string> = {}) => {
    await (await fetch(`${service.url}${path}`, { headers })).arrayBuffer();
  };
  for (const secret of [stray, rotated, secrets[1] ?? '']) {
    await anywhere(`/api/v1/scim/${acme.id}/v2/Users?access_token=${secret}`);
    await anywhere(`/api/v1/scim/${secret}/v2/Users`);
    await anywhere(`/api/v1/organizations/${secret}`, { authorization: `Bearer ${secret}` });
    await anywhere(`/queues?key=${secret}`, { cookie: `rollcall-session=${secret}` });
    await anywhere('/api/v1/jobs', { authorization: `Basic ${secret}`, 'x-request-id': secret });
  }
  for (const secret of [stray, rotated]) {
    await admin('PUT', `/workspaces/${secret}/members/${ada}`);
    await admin('POST', `/domains/${secret}/verify`, {});
    await acme.scim('DELETE', `/Users/${secret}`);
    await acme.scim('PATCH', `/Groups/${secret}`, patch({ op: 'add', path: 'members', value: [{ value: secret }] }));
    await acme.scim('GET', `/Users?filter=${encodeURIComponent(`${secret} eq "${secret}"`)}`);
  }
  await acme.scim('GET', '/Users/ada.lovelace@acme.example');
  await acme.scim('GET', `/Users?filter=${encodeURIComponent('userName eq "ada.lovelace@acme.example"')}`);
  await acme.scim('DELETE', `/Users/${encodeURIComponent('Ada Lovelace')}`);
  await admin('GET', '/users/ada.lovelace@acme.example');
  await admin('POST', '/sign-ins', { email: 'grace.hopper@elsewhere.example' });
  await fetch(`${service.url}/api/v1/organizations/${acme.id}/workspaces`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets[2] ?? ''}`, 'content-type': 'application/json' },
    body: '{"name":"x"}',
  });

  // Jobs that fail, and a statement that does: Postgres quotes whole rows in what it says about them.
  const workspaceId = await acme.workspace('Backend');
  const groupId = await acme.group('Countesses', [ada]);
  await service.quiet();
  await service.db.query(sql`ALTER TABLE workspace_members ADD CONSTRAINT broken CHECK (false) NOT VALID`);
  await service.db.query(
    sql`ALTER TABLE users ADD CONSTRAINT broken CHECK (user_name <> 'boom@acme.example') NOT VALID`,
  );
  await acme.mapping(groupId, { workspaceIds: [workspaceId], role: null });
  await acme.scim('POST', '/Users', { userName: 'boom@acme.example', displayName: 'Ada Lovelace' });
  await untilLogged(service, 'broken');
  await service.db.query(sql`ALTER TABLE workspace_members DROP CONSTRAINT broken`);
  await service.db.query(sql`ALTER TABLE users DROP CONSTRAINT broken`);
  await service.quiet();
  return secrets;
}

async function untilLogged({ logLines }: TestService, text: string): Promise<void> {
  for (let waitedMs = 0; !logLines.some((line) => line.includes(text)); waitedMs += 100) {
    if (waitedMs > 15_000) throw new Error(`the service logs no "${text}"`);
    await sleep(100);
  }
}

async function collect(service: TestService, engine: EngineName, produced: Produced): Promise<void> {
  const { db, url, adminKey } = service;
  const read = async (path: string) =>
    (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${adminKey}` } })).text();
  const organizations = await db.query<{ id: string }>(sql`SELECT id FROM organizations`);
  for (const { id } of organizations) {
    for (const format of ['csv', 'ndjson']) {
      produced.exports.push(await read(`/api/v1/organizations/${id}/sync-logs/export?format=${format}`));
    }
  }
  for (const queue of ['group-membership', 'workspace-mapping']) {
    for (const status of ['latest', 'completed', 'failed', 'delayed']) {
      produced.operators.push(await read(`/queues/api/queues?activeQueue=${queue}&status=${status}&jobsPerPage=100`));
    }
  }
  produced.operators.push(await read('/metrics'), await read('/readyz'), await read('/api/v1/jobs'));
  produced.jobRows = (await db.query<{ content: string }>(sql`SELECT content FROM seen_jobs`)).map(
    ({ content }) => content,
  );
  const entries = await db.query<{ content: string }>(sql`SELECT to_jsonb(l)::text AS content FROM sync_logs l`);
  produced.syncLogRows = entries.map(({ content }) => content);
  produced.queueData = await (engine === 'redis' ? redisData(db.url) : postgresData(service));
  produced.logLines = [...service.logLines];
}

/** Everything that BullMQ keeps of this database's queues. */
async function redisData(databaseUrl: string): Promise<string[]> {
  const redis = new Redis(inject('redisUrl') ?? '');
  const found: string[] = [];
  const database = new URL(databaseUrl).pathname.slice(1);
  for await (const keys of redis.scanStream({ match: `{rollcall-${database}-*`, count: 1_000 })) {
    for (const key of keys as string[]) {
      const type = await redis.type(key);
      if (type === 'hash') found.push(JSON.stringify(await redis.hgetall(key)));
      else if (type === 'stream') found.push(JSON.stringify(await redis.xrange(key, '-', '+')));
      else if (type === 'list') found.push(JSON.stringify(await redis.lrange(key, 0, -1)));
      else if (type === 'zset') found.push(JSON.stringify(await redis.zrange(key, '0', '-1')));
      else found.push(key);
    }
  }
  redis.disconnect();
  return found;
}

async function postgresData({ db }: TestService): Promise<string[]> {
  const tables = await db.query<{ name: string }>(sql`
    SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq'`);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await db.query<{ content: string }>(
      sql`SELECT to_jsonb(t)::text AS content FROM bullmq.${raw(name)} t`,
    );
    found.push(...rows.map(({ content }) => content));
  }
  return found;
}

/** Addresses and full names of everybody, in lower case. */
async function peopleOf({ db }: TestService): Promise<string[]> {
  const rows = await db.query<{ name: string }>(sql`
    SELECT DISTINCT lower(name) AS name FROM users, LATERAL (VALUES (user_name), (email), (display_name)) AS v(name)
    WHERE name IS NOT NULL`);
  return [...rows.map(({ name }) => name), 'grace.hopper@elsewhere.example', 'countess '];
}
