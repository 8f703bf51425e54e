import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSyncedOrganization } from '../../src/cli/demo/create-organization.ts';
import { createWorkspaces, mapGroups } from '../../src/cli/demo/map-groups.ts';
import { createRestClient, type RestClient } from '../../src/cli/rest-client.ts';
import { simulate, type ProviderName, type SimulateOptions } from '../../src/cli/simulate/simulate-command.ts';
import { expectNoDrift, snapshotManual, untilQuiet } from '../support/access-oracle.ts';
import { startService, type TestService } from '../support/service.ts';

let service: TestService;
let client: RestClient;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  client = createRestClient(service);
});
afterAll(() => service.close());

async function company(seed: string): Promise<SimulateOptions & { organizationId: string }> {
  const organization = await createSyncedOrganization(client, {
    name: seed,
    domain: `${seed}.example`,
    provider: seed,
    userNameFormat: 'email',
  });
  return { ...organization, seed, users: 40, groups: 6, changes: 12 };
}

/** A contractor whom an admin invited and gave a workspace; no identity provider knows of such a person. */
async function addManualUser(organizationId: string, workspaceId: string): Promise<void> {
  await service.db.query(sql`
    WITH contractor AS (
      INSERT INTO users (organization_id, id, managed_by, user_name, role)
      VALUES (${organizationId}, new_id(), 'manual', 'contractor@elsewhere.example', 'viewer')
      RETURNING id
    )
    INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
    SELECT ${organizationId}::uuid, ${workspaceId}::uuid, id, 'manual' FROM contractor`);
}

test.each<ProviderName>(['okta', 'entra', 'onelogin'])('%s syncs a company, and access follows', async (provider) => {
  const options = await company(provider);
  const { organizationId } = options;
  const workspaceIds = await createWorkspaces(client, organizationId);
  await addManualUser(organizationId, workspaceIds.get('Ledger') ?? '');
  const manualBefore = await snapshotManual(service.db, organizationId);

  const { unexpected, kinds } = await simulate(provider, options);
  expect(unexpected).toEqual([]);
  expect(kinds.find(({ kind }) => kind === 'create user')?.statuses).toEqual({ '201': 40 + 2 });
  await mapGroups(client, organizationId, workspaceIds);
  await untilQuiet(service.db);
  await expectNoDrift(service.db, organizationId);
  expect(await snapshotManual(service.db, organizationId)).toBe(manualBefore);
  expect(manualBefore).toContain('contractor@elsewhere.example');
});

test('a second run with the same seed finds everybody and updates them', async () => {
  const options = { ...(await company('again')), changes: 0 };
  await simulate('entra', options);
  const { unexpected, kinds } = await simulate('entra', options);
  expect(unexpected).toEqual([]);
  expect(kinds.map(({ kind }) => kind)).not.toContain('create user');
  expect(kinds.find(({ kind }) => kind === 'update user')?.requests).toBe(40);
});

test('a wrong token ends in one unexpected answer', async () => {
  const options = await company('wrong-token');
  const { unexpected, requests } = await simulate('okta', { ...options, token: 'nonsense' });
  expect(requests).toBe(1);
  expect(unexpected).toEqual([expect.stringMatching(/^GET \/Users\?startIndex=1&count=2: 401 /)]);
});
