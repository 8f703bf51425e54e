import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { temporaryDirectory } from '../support/processes.ts';
import { startService, type TestOrganization, type TestService } from '../support/service.ts';
import { runCli } from './run-cli.ts';

let service: TestService;
let acme: TestOrganization;
let adaId: string;
let directory: { path: string; remove(): Promise<void> };
let env: Record<string, string>;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  directory = await temporaryDirectory();
  env = { PUBLIC_URL: service.url, ROLLCALL_ADMIN_KEY: service.adminKey, DATA_DIR: directory.path };
  acme = await service.organization({ name: 'Acme' });
  adaId = await acme.user('ada@acme.example', { displayName: 'Ada \u001b[31mLovelace' });
  await acme.group('Engineering', [adaId]);
  await acme.workspace('Backend');
  await acme.workspace('Docs');
});
afterAll(async () => {
  await service.close();
  await directory.remove();
});

async function succeed(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(words, env);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

async function json(...words: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await succeed(...words, '--json')) as Record<string, unknown>;
}

describe('admin-key', () => {
  test('create shows the key once, list never, and revoke ends it', async () => {
    const created = await json('admin-key', 'create', '--organization', 'Acme', '--name', 'Reporting');
    expect(created).toMatchObject({
      name: 'Reporting',
      role: 'viewer',
      key: expect.stringMatching(/^rc_org_\w{49}$/) as string,
    });
    const { id, key, prefix, lastFour } = created as Record<string, string>;
    const listed = await succeed('admin-key', 'list', '--organization', 'Acme');
    expect(listed).toContain(`${prefix}…${lastFour}`);
    expect(listed).not.toContain(key);

    // The commands work with such a key too: by name, because the list of organizations shows its own.
    const withKey = ['--admin-key', key ?? ''];
    expect(await succeed('org', 'show', 'Acme', ...withKey)).toContain(acme.id);
    const refused = await runCli(['resync', '--organization', 'Acme', ...withKey], env);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('role "viewer"') as string });

    expect(await succeed('admin-key', 'revoke', '--organization', 'Acme', id ?? '')).toContain('Revoked');
    expect((await runCli(['org', 'show', 'Acme', ...withKey], env)).exitCode).toBe(1);
    expect(await succeed('admin-key', 'list', '--organization', 'Acme')).not.toContain('Reporting');
  });

  test('create says the words about the one time', async () => {
    const text = await succeed('admin-key', 'create', '--organization', 'Acme', '--name', 'Console', '--role', 'admin');
    expect(text).toMatch(/key +rc_org_\w{49}\nThe key is only shown once\.\n$/);
  });
});

describe('org', () => {
  test('create makes an organization that is ready for directory sync', async () => {
    const created = await json('org', 'create', 'Umbrella', '--sso', 'entra', '--domain', 'umbrella.example');
    expect(created).toMatchObject({ name: 'Umbrella', plan: 'business', provisioningMode: 'manual' });
    expect(await succeed('org', 'show', 'umbrella')).toMatch(
      /entra, active, default role viewer[^]*umbrella\.example\n/,
    );
    const enabled = await json('scim', 'enable', '--organization', 'Umbrella');
    expect(enabled).toMatchObject({ mode: 'scim', token: expect.stringMatching(/^rc_scim_/) as string });
    expect(await succeed('org', 'show', 'Umbrella')).toMatch(/directory sync +active\n/);
  });

  test('list shows a table, or all pages as JSON', async () => {
    expect(await succeed('org', 'list')).toMatch(/│ name +│[^]*│ Acme +│/);
    const { items } = await json('org', 'list', '--query', 'acm');
    expect(items).toMatchObject([{ id: acme.id, name: 'Acme' }]);
    expect(await succeed('org', 'list', '--query', 'nobody')).toBe(
      'There are no organizations yet: `rollcall org create` makes one.\n',
    );
  });
});

describe('mapping, explain and logs', () => {
  test('preview shows what would change and changes nothing', async () => {
    const words = ['mapping', 'set', '--organization', 'Acme', '--group', 'engineering', '--workspace', 'Backend'];
    expect(await json(...words, '--preview')).toMatchObject({ users: 1, grants: 1, revokes: 0 });
    expect(await succeed('mapping', 'list', '--organization', 'Acme')).toMatch(/Engineering +│ 1 +│ - +│ - +│/);
  });

  test('set takes names or ids, and explain tells what came of it', async () => {
    const words = [
      '--organization',
      acme.id,
      '--group',
      'Engineering',
      '--workspace',
      'Backend',
      '--workspace',
      'docs',
    ];
    expect(await succeed('mapping', 'set', ...words, '--role', 'developer')).toMatch(
      /^Saved\. Job [0-9a-f-]{36} brings/,
    );
    await service.quiet();
    expect(await succeed('mapping', 'list', '--organization', 'Acme')).toMatch(/Backend, Docs +│ developer +│/);

    const explained = await succeed('explain', '--organization', 'Acme', '--user', 'ada@acme.example');
    expect(explained).toMatch(/role because +group Engineering sets developer/);
    expect(explained).toMatch(/Backend +│ directory +│ group Engineering/);
    expect(await json('explain', '--organization', 'Acme', '--user', adaId)).toMatchObject({ role: 'developer' });
  });

  test('logs tail prints the newest entries, oldest of them first, by every filter', async () => {
    const { items } = (await json('logs', 'tail', '--organization', 'Acme', '-n', '200')) as {
      items: { id: string; action: string }[];
    };
    expect(items.map(({ id }) => id)).toEqual(items.map(({ id }) => id).sort());
    const filtered = await json(
      ...['logs', 'tail', '--organization', 'Acme', '--action', 'SYNC_ACCESS', '--status', 'SUCCESS'],
      ...['--resource-type', 'User', '--resource-id', adaId, '--from', '1h'],
    );
    expect(filtered['items']).not.toEqual([]);
    expect(await succeed('logs', 'tail', '--organization', 'Acme', '--to', '2020-01-01T00:00:00Z')).toBe(
      'No entries match.\n',
    );
  });

  test('logs export writes every entry to a file for its owner alone, or to standard output', async () => {
    const file = join(directory.path, 'log.csv');
    await succeed('logs', 'export', '--organization', 'Acme', '--format', 'csv', '--output', file);
    expect(await readFile(file, 'utf8')).toMatch(/^id,occurredAt,action,status,/);
    const lines = (await succeed('logs', 'export', '--organization', 'Acme')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { action: string }).action)).toContain('CREATE');
  });

  test('a name cannot give orders to the terminal', async () => {
    const shown = await succeed('logs', 'tail', '--organization', 'Acme', '-n', '200');
    // eslint-disable-next-line no-control-regex -- escapes are what this is about
    expect(shown).not.toMatch(/\u001b/);
  });
});

describe('scim, jobs and resync', () => {
  test('rotate-token shows the new token once and until when the old one works', async () => {
    const shown = await succeed('scim', 'rotate-token', '--organization', 'Acme');
    expect(shown).toMatch(/bearer token +rc_scim_\S+\n/);
    expect(shown).toMatch(/previous until +\d{4}-/);
    expect(shown).toContain('only shown once');
  });

  test('resync names its job; nothing is left when it is done', async () => {
    expect(await succeed('resync', '--organization', 'Acme')).toMatch(/^Job [0-9a-f-]{36} /);
    await service.quiet();
    expect(await succeed('jobs', 'list', '--organization', 'Acme')).toBe('No jobs are waiting: everything is done.\n');
    expect(await json('jobs', 'replay', '--since', '2h', '--dry-run')).toMatchObject({ matched: 0, dryRun: true });
  });

  test('disable asks for a confirmation, then stops directory sync', async () => {
    const refused = await runCli(['scim', 'disable', '--organization', 'Acme'], env);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/^rollcall: .*confirm.*\n$/);
    expect(await succeed('scim', 'disable', '--organization', 'Acme', '--confirm')).toMatch(/^Provisioning is manual/);
    expect((await acme.scim('GET', '/Users')).status).toBe(401);
  });
});

describe('what goes wrong is one line on standard error, and exit code 1', () => {
  test.each([
    [['explain', '--organization', 'Nobody', '--user', 'x'], /^rollcall: There is no organization Nobody\.\n$/],
    [['explain', '--organization', 'Acme', '--user', 'x@y.example'], /^rollcall: There is no user x@y\.example\.\n$/],
    [['jobs', 'show', 'unknown', '--organization', 'Acme'], /^rollcall: No job with this id waits.*sync log.*\n$/],
    [['org', 'create', ' ', '--plan', 'free'], /^rollcall: .*name.*\n$/],
  ])('%j', async (words, expected) => {
    const { exitCode, stdout, stderr } = await runCli(words, env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(expected);
  });

  test('a wrong admin key', async () => {
    const { exitCode, stderr } = await runCli(['org', 'list', '--admin-key', 'rc_admin_not-the-right-one'], env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^rollcall: .+\n$/);
    expect(stderr).not.toContain('not-the-right-one');
  });

  test('no admin key at all', async () => {
    const { stderr } = await runCli(['org', 'list'], { ...env, ROLLCALL_ADMIN_KEY: '' });
    expect(stderr).toMatch(/^rollcall: No admin key: pass --admin-key, set ROLLCALL_ADMIN_KEY, or set DATA_DIR .+\n$/);
  });

  test('nobody at the URL', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { stderr } = await runCli(['org', 'list', '--url', url], env);
    expect(stderr).toBe(
      `rollcall: There is no Rollcall at ${url} (ECONNREFUSED): start it with \`npm start\`, or set --url.\n`,
    );
  });
});
