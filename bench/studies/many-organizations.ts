import { startLoadProcess, type LoadProcess } from '../load/load-process.ts';
import { percentiles, type Percentiles } from '../measure/statistics.ts';
import { digits, printTable } from '../report.ts';
import type { OrganizationWithMapping } from '../seed/seed-organizations.ts';
import type { QueueEngine } from '../servers/queue-engines.ts';
import { accessDelays, delaysToAccess, grantedAt, type AccessDelays } from './access-probe.ts';
import { expectApplied, inTurn, mostInTurn, prepareOrganizations, userInTurn } from './in-turn.ts';
import { setStage, type Stage, type Surroundings } from './stage.ts';

export interface ManyOrganizationsFigures {
  engine: string;
  organizations: number;
  ratePerSecond: number;
  ingress: Percentiles;
  delays: AccessDelays;
}

/** Of all organizations together, or of the one. */
const ratePerSecond = 100;
const connections = 32;
const warmUpSeconds = 2;
const groupsOfTheOne = 50;

const template = 'bench_many_organizations_template';

/**
 * Many organizations of which each changes little, as most do on most days, compared with one that changes as much as all
 * of them: what is kept, cached or done together for each organization is of no use there. The one has its changes in 50
 * groups, each of the many in one.
 */
export async function studyManyOrganizations(
  surroundings: Surroundings,
  options: { engines: QueueEngine[]; organizations: number; seconds: number },
): Promise<ManyOrganizationsFigures[]> {
  const { postgres } = surroundings;
  const { engines, organizations: count, seconds } = options;
  const changes = ratePerSecond * (seconds + warmUpSeconds);
  const seeded = await prepareOrganizations(postgres, template, [
    { users: changes, groups: groupsOfTheOne },
    ...Array.from({ length: count }, () => ({ users: Math.ceil(changes / count), groups: 1 })),
  ]);
  const figures: ManyOrganizationsFigures[] = [];
  for (const engine of engines) {
    const stage = await setStage(surroundings, { ...engine, workers: 1, template });
    const load = await startLoadProcess();
    try {
      for (const organizations of [seeded.slice(0, 1), seeded.slice(1)]) {
        const measured = await measure(stage, load, organizations, seconds);
        figures.push({ engine: engine.name, organizations: organizations.length, ratePerSecond, ...measured });
      }
    } finally {
      load.stop();
      await stage.stop();
    }
  }
  await postgres.dropDatabase(template);
  print(figures);
  return figures;
}

async function measure(
  stage: Stage,
  load: LoadProcess,
  organizations: readonly OrganizationWithMapping[],
  seconds: number,
): Promise<Pick<ManyOrganizationsFigures, 'ingress' | 'delays'>> {
  const most = mostInTurn(organizations);
  const send = (from: number, durationMs: number) =>
    load.run({
      ...inTurn(stage, organizations),
      connections,
      from,
      durationMs,
      most: most - from,
      ratePerSecond,
    });
  const warm = await send(0, warmUpSeconds * 1_000);
  await stage.untilQuiet();
  const result = await send(warm.to, seconds * 1_000);
  await stage.untilQuiet();
  await expectApplied(stage.client, organizations, result.to);
  const granted = await grantedAt(
    stage.databaseUrl,
    organizations.map(({ workspaceId }) => workspaceId),
  );
  return {
    ingress: percentiles([result.latenciesMs]),
    delays: accessDelays([
      delaysToAccess(result.answeredAt, (position) => userInTurn(organizations, result.from + position), granted),
    ]),
  };
}

function print(figures: readonly ManyOrganizationsFigures[]): void {
  printTable(
    `Many organizations, together ${ratePerSecond} changes a second`,
    ['', 'changes', 'ingress p50 ms', 'p95', 'p99', 'to access p50 ms', 'p95', 'p99', 'most'],
    figures.map(({ engine, organizations, ingress, delays }) => [
      `${engine}, ${organizations.toLocaleString('en')} organization${organizations === 1 ? '' : 's'}`,
      `${delays.changes}`,
      ...[ingress.p50, ingress.p95, ingress.p99, delays.p50, delays.p95, delays.p99, delays.most].map(digits),
    ]),
  );
}
