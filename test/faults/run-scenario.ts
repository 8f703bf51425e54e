import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { createRandom } from '../../src/cli/simulate/random.ts';
import { startCluster, type Cluster, type EngineName } from './harness/cluster.ts';
import { checkInvariants, snapshotManual } from './harness/invariants.ts';
import type { FaultContext, Scenario } from './scenario.ts';
import { createOrganizations } from './traffic/organizations.ts';
import { startTraffic } from './traffic/traffic.ts';

export interface RoundResult {
  seed: string;
  violations: string[];
  /** Figures: injected, writes, acknowledged, lost, unavailable (503), doubts, users, grants, deniedPolls, quietMs. */
  counts: Record<string, number>;
}

/** Organizations of one round; the first one leaves SCIM and returns. */
const organizationsPerRound = 3;
const lanesPerOrganization = 2;
/** The traffic goes on for so many writes after the fault, so that a damage that it left shows. */
const writesAfter = 40;
/** After any single fault access follows within this. */
const quietWithinMs = 60_000;

/** What this machine lacks for a scenario, in words; null: nothing. */
export function missingFor(scenario: Pick<Scenario, 'needs' | 'needsRoot'>, engine: EngineName): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (scenario.needsRoot === true && process.getuid?.() !== 0) return 'needs root';
  const programs = [...(scenario.needs ?? []), ...(engine === 'redis' ? ['redis-server'] : [])];
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return missing.length === 0 ? null : `needs ${missing.join(', ')}`;
}

/**
 * Starts the cluster that a scenario needs. The result's `close` also undoes what the scenario set up for it.
 *
 * @param postgresSettings further ones, `name=value`: with a wrong one the judgement must be a bad one
 */
export async function startClusterFor(
  scenario: Pick<Scenario, 'cluster'>,
  engine: EngineName,
  postgresSettings: readonly string[] = [],
): Promise<Cluster> {
  const { cleanUp, ...options } = (await scenario.cluster?.(engine)) ?? {};
  try {
    const cluster = await startCluster({
      engine,
      ...options,
      postgresSettings: [...(options.postgresSettings ?? []), ...postgresSettings],
    });
    return {
      ...cluster,
      close: async () => {
        await cluster.close();
        await cleanUp?.();
      },
    };
  } catch (error) {
    await cleanUp?.();
    throw error;
  }
}

/** One round: traffic, the fault `times` times, quiet, and the judgement. Nothing is thrown for what was found. */
export async function runRound(
  scenario: Scenario,
  cluster: Cluster,
  { seed, times }: { seed: string; times: number },
): Promise<RoundResult> {
  const violations: string[] = [];
  const counts: Record<string, number> = {};
  const violation = (problem: string): void => void violations.push(problem);
  const count: FaultContext['count'] = (name, value = 1, how = 'sum') => {
    const before = counts[name] ?? 0;
    counts[name] = how === 'sum' ? before + value : Math.max(before, value);
  };

  await cluster.ensureRunning();
  const { db, adminKey } = cluster;
  const random = createRandom(seed);
  // What was made is never made again in the same cluster; the seed alone would not do when it is repeated there.
  const tag = `r${Date.now().toString(36)}`;
  const [api] = cluster.apis;
  if (api === undefined) throw new Error('a cluster has an api process');
  const organizations = await createOrganizations({
    apiUrl: api.url,
    adminKey,
    count: organizationsPerRound,
    tag,
    random,
  });
  const manualBefore = await snapshotManual(db, organizations);
  const traffic = startTraffic({
    organizations,
    apiUrls: cluster.apis.map(({ url }) => url),
    adminKey,
    db,
    seed,
    tag,
    lanes: lanesPerOrganization,
    onViolation: violation,
  });

  const context: FaultContext = { cluster, traffic, random, times, violation, count };
  const failed = (error: unknown): void =>
    violation(`the fault could not be injected: ${String((error as Error).stack)}`);
  await scenario.inject(context).catch(failed);
  const endedAt = Date.now();
  await cluster.ensureRunning();
  if (!(await traffic.progress(writesAfter))) violation('no write was acknowledged in the minute after the fault');
  await traffic.stop();

  const limit = scenario.quietWithinMs ?? quietWithinMs;
  const left = await untilQuiet(
    cluster,
    organizations.map(({ id }) => id),
    endedAt + limit,
  );
  if (left > 0) violation(`I8: ${left} jobs are unfinished ${limit} ms after the fault`);
  count('quietMs', Date.now() - endedAt, 'worst');

  await scenario.afterQuiet?.(context).catch(failed);

  const checked = await checkInvariants({
    db,
    organizations,
    exchanges: traffic.exchanges,
    manualBefore,
    postgresDisturbed: scenario.disturbsPostgres ?? false,
  });
  violations.push(...checked.violations);
  for (const [name, value] of Object.entries(checked.counts)) count(name, value);
  count('acknowledged', traffic.acknowledged());
  count('lost', traffic.exchanges.filter(({ status }) => status === 'lost').length);
  count('unavailable', traffic.exchanges.filter(({ status }) => status === 503).length);
  const polls = traffic.deniedPolls();
  count('deniedPolls', polls.users + polls.http);
  await keepEvidence(
    `${scenario.id}-${cluster.engine}-${tag}`,
    { seed, violations, counts, exchanges: traffic.exchanges },
    cluster,
  );
  return { seed, violations, counts };
}

/** What a round saw, and what its processes wrote, where FAULTS_EVIDENCE names a directory to keep it in. */
async function keepEvidence(name: string, seen: object, cluster: Cluster): Promise<void> {
  const directory = process.env['FAULTS_EVIDENCE'];
  if (directory === undefined) return;
  await mkdir(join(directory, name), { recursive: true });
  await writeFile(join(directory, name, 'seen.json'), JSON.stringify(seen, null, 1));
  for (const member of cluster.members) await writeFile(join(directory, name, `${member.name}.log`), member.output());
}

/** @returns how many jobs were still unfinished at the deadline */
async function untilQuiet(cluster: Cluster, organizationIds: string[], deadline: number): Promise<number> {
  for (;;) {
    const [row] = await cluster.db.query<{ unfinished: number }>(sql`
      SELECT count(*) AS unfinished FROM sync_jobs
      WHERE status <> 'failed' AND organization_id = ANY (${organizationIds}::uuid[])`);
    const unfinished = row?.unfinished ?? 0;
    if (unfinished === 0 || Date.now() > deadline) return unfinished;
    await sleep(20);
  }
}

/** How a person repeats a round. */
export function reproduce(
  scenario: Pick<Scenario, 'id' | 'name'>,
  engine: EngineName,
  seed: string,
  times: number,
): string {
  return `npm run test:faults:full -- --only ${scenario.id} --name '${scenario.name}' --engine ${engine} --seed ${seed} --times ${times}`;
}

/** The words of a failed round: what did not hold, the seed, and the command that repeats it. */
export function describeFailure(
  scenario: Pick<Scenario, 'id' | 'name'>,
  engine: EngineName,
  { seed, violations }: RoundResult,
  times: number,
): string {
  return [
    `${scenario.id} ${scenario.name}, engine ${engine}, seed ${seed}: ${violations.length} violations`,
    ...violations.slice(0, 12).map((one) => `  ${one}`),
    ...(violations.length > 12 ? [`  ... and ${violations.length - 12} more`] : []),
    `Repeat it: ${reproduce(scenario, engine, seed, times)}`,
  ].join('\n');
}
