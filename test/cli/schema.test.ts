import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/processes.ts';
import { startService, type TestService } from '../support/service.ts';
import { runCli } from './run-cli.ts';

const urn = 'urn:example:scim:acme:2.0:User';

let service: TestService;
let directory: { path: string; remove(): Promise<void> };
let file: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  directory = await temporaryDirectory();
  file = join(directory.path, 'acme.json');
  await writeFile(
    file,
    JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      id: urn,
      name: 'Acme',
      description: 'What Acme knows of a person.',
      attributes: [{ name: 'badge', type: 'integer' }, { name: 'site' }],
    }),
  );
});
afterAll(async () => {
  await service.close();
  await directory.remove();
});

function run(...words: string[]) {
  const env = { PUBLIC_URL: service.url, ROLLCALL_ADMIN_KEY: service.adminKey, DATA_DIR: directory.path };
  return runCli(['schema', ...words], env);
}

test('schema set, list, show and delete', async () => {
  expect((await run('list')).stdout).toBe(
    'No extension schema is registered yet: `rollcall schema set` registers one.\n',
  );
  expect(await run('set', file, '--resource-type', 'User')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/attributes +badge, site\n/) as string,
  });
  expect((await run('list')).stdout).toMatch(/│ urn:example:scim:acme:2\.0:User +│ User +│ Acme +│ badge, site +│/);
  const shown = JSON.parse((await run('show', urn, '--json')).stdout) as Record<string, unknown>;
  expect(shown).toMatchObject({ urn, resourceType: 'User', name: 'Acme' });
  // What it prints as JSON can be registered again.
  await writeFile(join(directory.path, 'again.json'), JSON.stringify(shown));
  expect((await run('set', join(directory.path, 'again.json'))).exitCode).toBe(0);
  expect((await run('delete', urn)).stdout).toBe(`Deleted. Values under ${urn} are kept and given back.\n`);
  expect(await run('show', urn)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no schema') as string });
});

test.each([
  ['a file that is not there', () => 'nowhere.json', /cannot be read/],
  ['a file that is not JSON', () => import.meta.filename, /is not JSON/],
  ['no resource type', () => file, /resourceType/],
])('%s ends with one line and 1', async (_what, where, message) => {
  const { exitCode, stderr } = await run('set', where());
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
