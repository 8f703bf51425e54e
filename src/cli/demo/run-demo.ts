import { endpoints } from '../../contract/endpoints.ts';
import type { SyncLogEntryAnswer } from '../../contract/sync-log-endpoints.ts';
import type { UserAccessAnswer } from '../../contract/users.ts';
import type { Queryable } from '../../platform/database.ts';
import type { RestClient } from '../rest-client.ts';
import { displayNameOf, makeDirectory, type CompanyDirectory, type Person } from '../simulate/directory.ts';
import { entra } from '../simulate/entra.ts';
import { movePerson } from '../simulate/plan-changes.ts';
import type { Progress } from '../simulate/progress.ts';
import { createRandom, type Random } from '../simulate/random.ts';
import { createScimClient } from '../simulate/scim-client.ts';
import { createSimulation, type Change } from '../simulate/simulation.ts';
import { createStatistics, type Summary } from '../simulate/statistics.ts';
import { findDrift, type OracleFindings } from './access-oracle.ts';
import { awaitJobs } from './await-jobs.ts';
import { createSyncedOrganization } from './create-organization.ts';
import { createWorkspaces, mapGroups } from './map-groups.ts';

export interface DemoOptions {
  users: number;
  groups: number;
  seed: string;
}

export interface DemoEnvironment {
  client: RestClient;
  /** For the oracle alone: everything else goes through HTTP. */
  db: Queryable;
  progress: Progress;
  /** Told what happens, one line at a time. */
  tell: (line: string) => void;
}

export interface DemoResult {
  organizationId: string;
  /** One person who was moved between groups, and what the person may do now. */
  person: { userId: string; name: string; userName: string; access: UserAccessAnswer } | null;
  /** The newest entries, newest first. */
  log: SyncLogEntryAnswer[];
  requests: Summary;
  failedJobs: number;
  oracle: OracleFindings;
}

const logEntriesShown = 12;

/**
 * The story of the demo: an organization with workspaces, an initial sync as Entra plays it (the provider that also
 * deletes users), mappings, then changes - and at the end the oracle's judgement on every user.
 */
export async function runDemo(
  options: DemoOptions,
  { client, db, progress, tell }: DemoEnvironment,
): Promise<DemoResult> {
  const random = createRandom(options.seed);
  const domain = `${options.seed}.example`;
  const organization = await createSyncedOrganization(client, {
    name: `Demo ${options.seed}`,
    domain,
    provider: 'entra',
    userNameFormat: 'email',
  });
  const { organizationId } = organization;
  const workspaceIds = await createWorkspaces(client, organizationId);
  tell(`Created the organization "Demo ${options.seed}" (${organizationId}) with ${workspaceIds.size} workspaces.`);

  const directory = makeDirectory(options, domain, random);
  const statistics = createStatistics();
  const send = createScimClient({
    ...organization,
    headers: entra.headers,
    contentType: entra.contentType,
    statistics,
  });
  const { concurrency } = entra;
  const simulation = createSimulation({ provider: entra, send, directory, concurrency, progress, statistics });

  tell(`${entra.title} pushes ${directory.people.length} users and ${directory.groups.length} groups.`);
  await simulation.testConnection();
  await simulation.syncUsers();
  await simulation.syncGroups();
  const mapped = await mapGroups(client, organizationId, workspaceIds);
  tell(`Mapped ${mapped} groups to workspaces and roles.`);
  tell(`Access followed ${await timed(() => awaitJobs(client, organizationId))} later.`);

  const changes = chooseChanges(directory, random);
  const [shown] = changes.moves;
  const shownId = shown === undefined ? undefined : simulation.userId(shown.person);
  const ledger = workspaceIds.get('Ledger');
  if (shown !== undefined && shownId !== undefined && ledger !== undefined) {
    const parameters = { organizationId, workspaceId: ledger, userId: shownId };
    await client.call(endpoints.grantAccess, { parameters });
    tell(
      `An admin gave ${displayNameOf(shown.person)} the workspace "Ledger" by hand; directory sync leaves that alone.`,
    );
  }
  tell(
    `People move: ${changes.moves.length} change groups, ${changes.deactivations.length} are deactivated, ` +
      `${changes.reactivations.length} of them come back, ${changes.deletions.length} are deleted.`,
  );
  await simulation.playChanges([...changes.moves, ...changes.deactivations, ...changes.deletions], 'changes');
  await simulation.playChanges(changes.reactivations, 'returns');
  tell(`Access followed ${await timed(() => awaitJobs(client, organizationId))} later.`);

  const failedJobs = await awaitJobs(client, organizationId);
  const log = await client.call(endpoints.listSyncLogs, {
    parameters: { organizationId },
    query: { limit: logEntriesShown },
  });
  return {
    organizationId,
    person:
      shown === undefined || shownId === undefined
        ? null
        : await accessOf(client, organizationId, shownId, shown.person),
    log: log.items,
    requests: statistics.summary(),
    failedJobs,
    oracle: await findDrift(db, organizationId),
  };
}

interface DemoChanges {
  moves: Change[];
  deactivations: Change[];
  reactivations: Change[];
  deletions: Change[];
}

/** A tenth of the people move, a twentieth is deactivated, a fortieth deleted; nobody twice. */
function chooseChanges(directory: CompanyDirectory, random: Random): DemoChanges {
  const { people } = directory;
  const tenth = Math.ceil(people.length / 10);
  const concerned = random.sample(people, 2 * tenth);
  const moves = concerned.slice(0, tenth).flatMap((person) => movePerson(person, directory, random) ?? []);
  const leaving = concerned.slice(tenth, tenth + Math.ceil(tenth / 2));
  const deleted = concerned.slice(tenth + leaving.length, tenth + leaving.length + Math.ceil(tenth / 4));
  return {
    moves,
    deactivations: leaving.map((person) => ({ kind: 'deactivate', person })),
    reactivations: leaving.filter((_, index) => index % 3 === 0).map((person) => ({ kind: 'reactivate', person })),
    deletions: deleted.map((person) => ({ kind: 'delete', person })),
  };
}

async function accessOf(
  client: RestClient,
  organizationId: string,
  userId: string,
  person: Person,
): Promise<DemoResult['person']> {
  const access = await client.call(endpoints.getUserAccess, { parameters: { organizationId, userId } });
  return { userId, name: displayNameOf(person), userName: person.userName, access };
}

async function timed(work: () => Promise<unknown>): Promise<string> {
  const startedAt = performance.now();
  await work();
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}
