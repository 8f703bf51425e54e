import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { demoCommand } from '../../src/cli/demo/demo-command.ts';
import { succeeded } from '../../src/cli/demo/print-result.ts';
import { runDemo, type DemoEnvironment, type DemoResult } from '../../src/cli/demo/run-demo.ts';
import type { Queryable } from '../../src/platform/database.ts';
import { createRestClient } from '../../src/cli/rest-client.ts';
import { noProgress } from '../../src/cli/simulate/progress.ts';
import { expectNoDrift } from '../support/access-oracle.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
});
afterAll(() => service.close());

function demo(seed: string, overrides: Partial<DemoEnvironment> = {}): Promise<DemoResult> {
  const environment = {
    client: createRestClient(service),
    db: service.db,
    progress: noProgress,
    tell: () => undefined,
  };
  return runDemo({ users: 60, groups: 12, seed }, { ...environment, ...overrides });
}

test('syncs, changes, and finds every access as the oracle states it', async () => {
  const told: string[] = [];
  const result = await demo('story', { tell: (line) => told.push(line) });
  expect(result.requests.unexpected).toEqual([]);
  expect(result.oracle.drift).toEqual([]);
  expect(succeeded(result)).toBe(true);
  // 60 people, 2 of them deleted.
  expect(result.oracle.usersChecked).toBe(58);
  expect(result.oracle.grantsExpected).toBeGreaterThan(30);
  expect(result.log).toHaveLength(12);
  expect(told).toContainEqual(expect.stringMatching(/Entra ID pushes 60 users and 12 groups/));
  await expectNoDrift(service.db, result.organizationId);
});

test('shows a person whose access has reasons, also what was given by hand', async () => {
  const { person } = await demo('reasons');
  expect(person?.access.roleBecause).not.toEqual([]);
  expect(person?.access.workspaces).toContainEqual(expect.objectContaining({ name: 'Ledger', origin: 'manual' }));
  expect(person?.access.workspaces.filter(({ because }) => because.length === 0)).toEqual([]);
});

test('does not succeed where one grant is missing', async () => {
  // The oracle's connection loses a grant just before the oracle looks.
  const db: Queryable = {
    async query(statement) {
      await service.db.query(sql`
        DELETE FROM workspace_members
        WHERE (organization_id, user_id, workspace_id, origin) IN (
          SELECT organization_id, user_id, workspace_id, origin
          FROM effective_access
          JOIN organizations o ON o.id = organization_id
          WHERE o.name = 'Demo broken' AND origin = 'directory'
          LIMIT 1)`);
      return service.db.query(statement);
    },
  };
  const result = await demo('broken', { db });
  expect(result.oracle.drift).toMatchObject([{ kind: 'missing-grant', expected: 'granted', actual: null }]);
  expect(succeeded(result)).toBe(false);
});

test('the command prints one JSON document and closes what it started', async () => {
  const printed: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const close = vi.fn(() => Promise.resolve());
  try {
    const { url, adminKey } = service;
    const command = demoCommand({
      startLocalService: () => Promise.resolve({ url, adminKey, databaseUrl: service.databaseUrl, close }),
    });
    await command.parseAsync(['--users', '10', '--groups', '4', '--seed', 'json', '--json'], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  expect(JSON.parse(printed.join(''))).toMatchObject({ failedJobs: 0, oracle: { drift: [] } });
  expect(close).toHaveBeenCalledOnce();
  expect(process.exitCode ?? 0).toBe(0);
});
