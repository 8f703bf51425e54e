import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPostmaster } from '../../src/platform/postmaster-file.ts';
import { isRunning } from '../../src/platform/process-table.ts';
import { killStarted, startRollcall, temporaryDirectory } from '../support/processes.ts';

const isRoot = process.getuid?.() === 0;

let directory: { path: string; remove(): Promise<void> };
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await killStarted();
  await directory.remove();
});

const ready = /"msg":"serve is ready"/;
const keyShown = /Admin key\s+(rc_admin_\S+)/;

async function postmasterOf(dataDirectory: string): Promise<number> {
  return (await readPostmaster(join(dataDirectory, 'postgres')))?.pid ?? 0;
}

async function addressOf(serve: { shows(pattern: RegExp): Promise<RegExpExecArray> }): Promise<string> {
  return (await serve.shows(/Address\s+(http:\S+)\//))[1] ?? '';
}

async function eventuallyGone(pid: number): Promise<void> {
  await expect.poll(() => isRunning(pid), { timeout: 20_000, interval: 50 }).toBe(false);
}

describe.each([
  ['this user', [] as string[]],
  // Root can become anybody, and so test what an ordinary user sees.
  ...(isRoot ? [['an ordinary user', ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']] as const] : []),
] as const)('rollcall serve on the embedded database, as %s', (who, prefix) => {
  let env: Record<string, string>;
  let dataDirectory: string;
  let adminKey: string;
  let organizationId: string;

  const start = () => startRollcall(['serve'], env, [...prefix]);

  beforeAll(async () => {
    const parent = join(directory.path, who.replaceAll(' ', '-'));
    await mkdir(parent);
    if (prefix.length > 0) {
      await chmod(directory.path, 0o755);
      await chown(parent, 65_534, 65_534);
    }
    dataDirectory = join(parent, 'data');
    env = { DATA_DIR: dataDirectory, PORT: '0' };
  });

  test('the first start shows where everything is and the admin key, and keeps it for its owner alone', async () => {
    const serve = start();
    adminKey = (await serve.shows(keyShown))[1] ?? '';
    await serve.shows(ready);
    const url = await addressOf(serve);
    expect(serve.output()).toContain(`${url}/queues`);
    expect(serve.output()).toContain(`${url}/api/docs`);
    const keyFile = join(dataDirectory, 'admin-key');
    expect((await readFile(keyFile, 'utf8')).trim()).toBe(adminKey);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);

    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({
      status: 'ok',
      dependencies: { postgres: { status: 'ok' }, queue: { status: 'ok' } },
    });
    const created = await fetch(`${url}/api/v1/organizations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Acme', plan: 'business' }),
    });
    expect(created.status).toBe(201);
    organizationId = ((await created.json()) as { id: string }).id;

    // Ctrl-C through npm arrives twice.
    const postmaster = await postmasterOf(dataDirectory);
    serve.kill('SIGINT');
    serve.kill('SIGINT');
    expect(await serve.ended()).toEqual({ code: 0, signal: null });
    expect(await isRunning(postmaster)).toBe(false);
  });

  test('a second start finds the data again and shows no key', async () => {
    const serve = start();
    await serve.shows(ready);
    expect(serve.output()).not.toMatch(keyShown);
    await expectOrganization(await addressOf(serve));

    // Meanwhile the data directory is taken.
    const second = start();
    expect(await second.ended()).toEqual({ code: 1, signal: null });
    expect(second.output()).toMatch(/^rollcall: Another Rollcall \(process \d+\) runs on the data directory .+\n$/);

    serve.kill('SIGTERM');
    expect(await serve.ended()).toEqual({ code: 0, signal: null });
  });

  test('killing the program stops its Postgres, and a start right after it recovers', async () => {
    const serve = start();
    await serve.shows(ready);
    const postmaster = await postmasterOf(dataDirectory);
    serve.kill('SIGKILL');
    const next = start();
    await next.shows(ready);
    await expectOrganization(await addressOf(next));
    await eventuallyGone(postmaster);
    next.kill('SIGTERM');
    await next.ended();
  });

  test('killing everything at once loses nothing', async () => {
    const serve = start();
    await serve.shows(ready);
    // Read before: once the program is gone its Postgres stops, and then there is nothing to read. 0 would be this process
    // and all of its group.
    const postmaster = await postmasterOf(dataDirectory);
    expect(postmaster).toBeGreaterThan(0);
    serve.kill('SIGKILL');
    process.kill(postmaster, 'SIGKILL');
    const next = start();
    await next.shows(ready);
    await expectOrganization(await addressOf(next));
    next.kill('SIGTERM');
    await next.ended();
  });

  async function expectOrganization(url: string): Promise<void> {
    const answer = await fetch(`${url}/api/v1/organizations/${organizationId}`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    expect(await answer.json()).toMatchObject({ id: organizationId, name: 'Acme' });
  }
});

test('the log is one JSON line each, the banner aside', async () => {
  const serve = startRollcall(['serve'], { DATA_DIR: join(directory.path, 'log'), PORT: '0' });
  await serve.shows(ready);
  await fetch(`${await addressOf(serve)}/`, { headers: { 'x-request-id': 'the-request' } });
  await serve.shows(/"requestId":"the-request".*"msg":"request"/);
  serve.kill('SIGTERM');
  await serve.ended();
  const lines = serve.output().split('\n');
  const logged = lines.filter((line) => line !== '' && !line.startsWith('  '));
  expect(() => logged.map((line) => JSON.parse(line) as unknown)).not.toThrow();
});
