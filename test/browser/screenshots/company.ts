import { endpoints } from '../../../src/contract/endpoints.ts';
import type { RestClient } from '../../../src/cli/rest-client.ts';
import { awaitJobs } from '../../../src/cli/demo/await-jobs.ts';
import { createSyncedOrganization, type SyncedOrganization } from '../../../src/cli/demo/create-organization.ts';
import { createWorkspaces, mapGroups } from '../../../src/cli/demo/map-groups.ts';
import { makeDirectory, makePerson, type CompanyDirectory } from '../../../src/cli/simulate/directory.ts';
import { okta } from '../../../src/cli/simulate/okta.ts';
import { createRandom } from '../../../src/cli/simulate/random.ts';
import { createScimClient } from '../../../src/cli/simulate/scim-client.ts';
import { createSimulation, type Simulation } from '../../../src/cli/simulate/simulation.ts';
import { createStatistics } from '../../../src/cli/simulate/statistics.ts';
import type { Database } from '../../../src/platform/database.ts';
import { leaveFailedJobs } from '../support/failed-jobs.ts';
import { putBack } from './past.ts';

/** Where the pictures find what they show. */
export interface Company {
  organizationId: string;
  /** A group that no mapping sets anything for yet. */
  unmappedGroupId: string;
  workspaceIds: Map<string, string>;
  /** Somebody with a role of one group, another group's that lost, and a grant by hand. */
  personId: string;
  leaverId: string;
}

const silent = { start: () => undefined, step: () => undefined, stop: () => undefined };

/** Acme: an organization as an admin knows it after some weeks - synced, mapped, with leavers and refusals. */
export async function createAcme(client: RestClient, db: Database): Promise<Company> {
  const synced = await createSyncedOrganization(client, {
    name: 'Acme',
    domain: 'acme.example',
    provider: 'okta',
    userNameFormat: 'email',
  });
  const { organizationId } = synced;
  await client.call(endpoints.addDomain, { parameters: { organizationId }, body: { domain: 'acme-labs.example' } });
  const workspaceIds = await createWorkspaces(client, organizationId);
  const directory = makeDirectory({ users: 240, groups: 22 }, 'acme.example', createRandom('acme'));
  const { simulation } = await push(synced, directory);
  await mapGroups(client, organizationId, workspaceIds);
  await awaitJobs(client, organizationId);
  for (const [name, role] of [
    ['Console of the IT team', 'admin'],
    ['Auditors', 'viewer'],
    ['Terraform', 'admin'],
  ] as const)
    await client.call(endpoints.createAdminKey, { parameters: { organizationId }, body: { name, role } });
  await awaitJobs(client, organizationId);
  await putBack(db, organizationId);

  const engineering = groupNamed(directory, 'Engineering');
  const administrators = groupNamed(directory, 'Administrators');
  const both = directory.people.find(
    (one) => engineering.members.includes(one) && administrators.members.includes(one),
  );
  const [leaver] = engineering.members.filter((one) => one !== both && !administrators.members.includes(one));
  const personId = both === undefined ? undefined : simulation.userId(both);
  const leaverId = leaver === undefined ? undefined : simulation.userId(leaver);
  const ledger = workspaceIds.get('Ledger');
  if (personId === undefined || leaver === undefined || leaverId === undefined || ledger === undefined)
    throw new Error('the made-up company has nobody to show');
  await leaveFailedJobs(db, organizationId, someoneOf(directory, simulation, 12));
  await leaveFailedJobs(db, organizationId, someoneOf(directory, simulation, 2), 'unexpected');

  // The provider pushes one more group that nobody has mapped yet: what the preview is shown for.
  const newcomers = { objectId: 'new', displayName: 'Project Everest', members: engineering.members.slice(0, 14) };
  const answer = await scimOf(synced)('POST', '/Groups', {
    displayName: newcomers.displayName,
    externalId: '00g1everest',
    members: newcomers.members.flatMap((person) => {
      const value = person === leaver ? undefined : simulation.userId(person);
      return value === undefined ? [] : [{ value }];
    }),
  });
  await awaitJobs(client, organizationId);
  await client.call(endpoints.grantAccess, { parameters: { organizationId, workspaceId: ledger, userId: personId } });
  await simulation.playChanges([{ kind: 'deactivate', person: leaver }], 'changes');
  await refusals(synced);
  return { organizationId, unmappedGroupId: String(answer['id']), workspaceIds, personId, leaverId };
}

/** Other organizations, so that lists look like lists: each in another state. */
export async function createOthers(client: RestClient): Promise<{ globexId: string }> {
  const globex = await createSyncedOrganization(client, {
    name: 'Globex',
    domain: 'globex.example',
    provider: 'entra',
    userNameFormat: 'email',
  });
  await push(globex, makeDirectory({ users: 40, groups: 5 }, 'globex.example', createRandom('globex')));
  await client.call(endpoints.rotateScimToken, { parameters: { organizationId: globex.organizationId } });

  const initech = await client.call(endpoints.createOrganization, {
    parameters: {},
    body: { name: 'Initech', plan: 'free', userNameFormat: 'email' },
  });
  const parameters = { organizationId: initech.id };
  for (const number of [1, 2, 3]) {
    const { userName, givenName, familyName } = makePerson(
      number,
      'initech.example',
      new Set(),
      createRandom(`i${number}`),
    );
    await client.call(endpoints.inviteUser, {
      parameters,
      body: { email: userName, name: `${givenName} ${familyName}` },
    });
  }
  const umbrella = await client.call(endpoints.createOrganization, {
    parameters: {},
    body: { name: 'Umbrella', plan: 'enterprise', userNameFormat: 'email' },
  });
  await client.call(endpoints.setSsoConnection, {
    parameters: { organizationId: umbrella.id },
    body: { provider: 'google', status: 'active', defaultRole: 'viewer' },
  });
  await client.call(endpoints.setProvisioning, { parameters: { organizationId: umbrella.id }, body: { mode: 'jit' } });
  return { globexId: globex.organizationId };
}

async function push(synced: SyncedOrganization, directory: CompanyDirectory): Promise<{ simulation: Simulation }> {
  const statistics = createStatistics();
  const send = createScimClient({ ...synced, headers: okta.headers, contentType: okta.contentType, statistics });
  const simulation = createSimulation({
    provider: okta,
    send,
    directory,
    concurrency: 8,
    progress: silent,
    statistics,
  });
  await simulation.testConnection();
  await simulation.syncUsers();
  await simulation.syncGroups();
  return { simulation };
}

/** What goes wrong in any company: no address, an address that is taken, a member that nobody knows. */
async function refusals(synced: SyncedOrganization): Promise<void> {
  const scim = scimOf(synced);
  await scim('POST', '/Users', { userName: 'reception', displayName: 'Front desk', active: true });
  await scim('POST', '/Users', { userName: 'ada.abara@acme.example', active: true });
  await scim('POST', '/Users', { userName: 'ada.abara@acme.example', active: true });
  await scim('POST', '/Groups', {
    displayName: 'Alumni',
    members: [{ value: '018f6f2e-0000-7000-8000-000000000000' }],
  });
}

function scimOf({ baseUrl, token }: SyncedOrganization) {
  return async (method: string, path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  };
}

function someoneOf({ people }: CompanyDirectory, simulation: Simulation, count: number): string[] {
  return people.slice(0, count).flatMap((person) => simulation.userId(person) ?? []);
}

function groupNamed({ groups }: CompanyDirectory, name: string) {
  const found = groups.find(({ displayName }) => displayName === name);
  if (found === undefined) throw new Error(`the made-up company has no group ${name}`);
  return found;
}
