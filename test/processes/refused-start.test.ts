import { createServer, type AddressInfo, type Server } from 'node:net';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { databaseUrl, runAsAdmin } from '../support/database.ts';
import { freePort } from '../support/free-port.ts';
import { killStarted, rollcall, temporaryDirectory } from '../support/processes.ts';

const isRoot = process.getuid?.() === 0;

let directory: { path: string; remove(): Promise<void> };
let taken: Server;
/** Accepts connections and never says a word, like a host behind a silent firewall. */
let silentPort: number;
let unusedPort: number;
const emptyDatabase = 'refused_start';

beforeAll(async () => {
  directory = await temporaryDirectory();
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  silentPort = (taken.address() as AddressInfo).port;
  unusedPort = await freePort();
  await runAsAdmin(inject('postgresUrl'), `DROP DATABASE IF EXISTS ${emptyDatabase}`);
  await runAsAdmin(inject('postgresUrl'), `CREATE DATABASE ${emptyDatabase}`);
});
afterAll(async () => {
  await killStarted();
  taken.close();
  await runAsAdmin(inject('postgresUrl'), `DROP DATABASE ${emptyDatabase} WITH (FORCE)`);
  await directory.remove();
});

const adminKey = 'rc_admin_of-this-test';
/** From the start of the process to its end; of these, five seconds are the wait for a silent host. */
const withinMs = 15_000;

async function refused(
  words: string[],
  env: Record<string, string>,
  prefix: string[] = [],
): Promise<{ line: string; seconds: number }> {
  const startedAt = Date.now();
  const { code, output } = await rollcall(words, { DATA_DIR: join(directory.path, 'data'), PORT: '0', ...env }, prefix);
  expect(code).toBe(1);
  expect(Date.now() - startedAt).toBeLessThan(withinMs);
  const lines = output.trimEnd().split('\n');
  expect(lines, output).toHaveLength(1);
  return { line: lines[0] ?? '', seconds: (Date.now() - startedAt) / 1000 };
}

describe('a start that cannot be is refused with one line and exit code 1', () => {
  test('a taken port', async () => {
    const { line } = await refused(['serve'], { PORT: String(silentPort) });
    expect(line).toBe(
      `rollcall: Port ${silentPort} on 127.0.0.1 is taken: stop what listens there, or set PORT to another port.`,
    );
  });

  test('a wrong value', async () => {
    const { line } = await refused(['serve'], { PORT: 'http', LOG_LEVEL: 'loud' });
    expect(line).toMatch(/^rollcall: PORT must be a whole number; LOG_LEVEL must be one of trace, .+$/);
  });

  test('a data directory that cannot be made', async () => {
    const file = join(directory.path, 'file');
    await writeFile(file, '');
    const { line } = await refused(['serve'], { DATA_DIR: join(file, 'data') });
    expect(line).toMatch(/^rollcall: DATA_DIR .+ cannot be written \(ENOTDIR\): /);
  });

  test.runIf(isRoot)('a data directory that this user may not write', async () => {
    const locked = join(directory.path, 'locked');
    await mkdir(locked, { mode: 0o755 });
    await chmod(directory.path, 0o755);
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const { line } = await refused(['serve'], { DATA_DIR: locked }, asNobody);
    expect(line).toMatch(/^rollcall: DATA_DIR .+ cannot be written \(EACCES\): /);
  });

  test('a database that nobody serves', async () => {
    const { line } = await refused(['serve'], { DATABASE_URL: `postgres://u:hunter2@127.0.0.1:${unusedPort}/db` });
    expect(line).toBe(
      `rollcall: DATABASE_URL: Postgres at 127.0.0.1:${unusedPort}/db cannot be reached: nothing listens there (ECONNREFUSED).`,
    );
  });

  test('a database that never answers', async () => {
    const { line } = await refused(['serve'], { DATABASE_URL: `postgres://u:hunter2@127.0.0.1:${silentPort}/db` });
    expect(line).toMatch(/^rollcall: DATABASE_URL: .+ cannot be reached: no answer within 5 seconds\.$/);
  });

  test('a Redis that nobody serves', async () => {
    const { line } = await refused(['serve'], {
      DATABASE_URL: databaseUrl(inject('postgresUrl'), emptyDatabase),
      REDIS_URL: `redis://:hunter2@127.0.0.1:${unusedPort}`,
    });
    expect(line).toBe(
      `rollcall: REDIS_URL: Redis at 127.0.0.1:${unusedPort} cannot be reached: nothing listens there (ECONNREFUSED).`,
    );
  });

  test.each(['api', 'worker'])('%s without a database to share', async (role) => {
    const { line } = await refused([role], { ROLLCALL_ADMIN_KEY: adminKey });
    expect(line).toMatch(/^rollcall: DATABASE_URL must be set for `rollcall (api|worker)`: /);
  });

  test('api without an admin key to share', async () => {
    const { line } = await refused(['api'], { DATABASE_URL: databaseUrl(inject('postgresUrl'), emptyDatabase) });
    expect(line).toMatch(/^rollcall: ROLLCALL_ADMIN_KEY must be set for `rollcall api`: /);
  });

  test.each(['api', 'worker'])('%s on a schema that was not migrated', async (role) => {
    const { line } = await refused([role], {
      DATABASE_URL: databaseUrl(inject('postgresUrl'), emptyDatabase),
      ROLLCALL_ADMIN_KEY: adminKey,
    });
    expect(line).toMatch(/^rollcall: The schema of the database lacks .+: run `rollcall migrate` before /);
  });
});
