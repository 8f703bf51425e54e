import { startLoadProcess } from '../load/load-process.ts';
import { familyCpuMs, processCpuMs, readFamily } from '../measure/cpu.ts';
import { forgetStatements, printStatements } from '../measure/statements.ts';
import { sum } from '../measure/statistics.ts';
import type { Processes } from '../options.ts';
import { digits, printTable } from '../report.ts';
import type { OrganizationWithMapping } from '../seed/seed-organizations.ts';
import type { QueueEngine } from '../servers/queue-engines.ts';
import { expectApplied, inTurn, mostInTurn, prepareOrganizations } from './in-turn.ts';
import { setStage, type Stage, type Surroundings } from './stage.ts';

export interface ScaleOutFigures {
  engine: string;
  apis: number;
  workers: number;
  /** Changes a second that were sent; null: as many as go. */
  rate: number | null;
  changes: number;
  /** From the first request until everything is applied. */
  seconds: number;
  /** From the last answer until everything is applied. */
  appliedAfterSeconds: number;
  /** CPU milliseconds for each change, of all processes of a kind together. */
  cpuMs: CpuOfKinds;
  /** CPU for each change, of everything but the load, compared with the first numbers of processes under the same load. */
  ofFirst: number;
  /** Share of a core that the load process used while it sent. */
  loadCpuShare: number;
}

interface CpuOfKinds {
  api: number;
  worker: number;
  postgres: number;
  redis: number;
}

const organizationCount = 20;
const groupsEach = 5;
const connections = 16;

/**
 * What every number of processes can do on two cores, so that all do the same. As many as go is another measure: what one
 * worker cannot do at once gathers, and is then done in fewer, fuller deliveries than by several.
 */
const steadyRate = 100;
const loads = [steadyRate, null];

/** No machine that this is made for applies more changes a second; users are seeded for so many. */
const mostPerSecond = 1_500;

const template = 'bench_scale_out_template';

/**
 * What one more process costs and gives: changes of many organizations, at a steady rate and as many as go, with several
 * worker and api processes. On a machine whose cores are all busy with one of each, more cannot be quicker; then the CPU
 * for each change tells whether they get into each other's way.
 */
export async function studyScaleOut(
  surroundings: Surroundings,
  options: {
    engines: QueueEngine[];
    processes: Processes[];
    seconds: number;
    /** For each process of the kind that there are more of. */
    warmUpSeconds: number;
    statements: boolean;
  },
): Promise<ScaleOutFigures[]> {
  const { postgres } = surroundings;
  const { engines, processes, seconds, warmUpSeconds } = options;
  // Every process has to be warm, and the statements of each of its connections planned; they share the changes.
  const warmUpOf = ({ apis, workers }: Processes) => warmUpSeconds * Math.max(apis, workers);
  const longest = seconds + Math.max(...processes.map(warmUpOf));
  const users = Math.ceil((mostPerSecond * longest + steadyRate * seconds) / organizationCount);
  const sizes = Array.from({ length: organizationCount }, () => ({ users, groups: groupsEach }));
  const organizations = await prepareOrganizations(postgres, template, sizes);
  const figures: ScaleOutFigures[] = [];
  for (const engine of engines) {
    const base = new Map<number | null, number>();
    for (const setting of processes) {
      const stage = await setStage(surroundings, { ...engine, ...setting, template });
      try {
        for await (const measured of measure({
          stage,
          engine,
          organizations,
          postgresPid: postgres.pid,
          ...options,
          warmUpSeconds: warmUpOf(setting),
        })) {
          const { rate } = measured;
          const total = totalOf(measured.cpuMs);
          const first = base.get(rate) ?? total;
          base.set(rate, first);
          if (options.statements) {
            const what = `${nameOf(engine)}, ${setting.apis} + ${setting.workers}, ${loadOf(rate)}`;
            await printStatements(stage.databaseUrl, `What Postgres was asked: ${what}`);
          }
          figures.push({ engine: nameOf(engine), ...setting, ...measured, ofFirst: total / first });
        }
      } finally {
        await stage.stop();
      }
    }
  }
  await postgres.dropDatabase(template);
  print(figures);
  return figures;
}

/** Yields after each load, so that what Postgres counted can be read before the next one. */
async function* measure(options: {
  stage: Stage;
  engine: QueueEngine;
  organizations: readonly OrganizationWithMapping[];
  postgresPid: number;
  seconds: number;
  warmUpSeconds: number;
  statements: boolean;
}): AsyncGenerator<Omit<ScaleOutFigures, 'engine' | 'apis' | 'workers' | 'ofFirst'>> {
  const { stage, engine, organizations, postgresPid, seconds, warmUpSeconds } = options;
  const load = await startLoadProcess();
  const most = mostInTurn(organizations);
  const send = (how: { from: number; durationMs: number; ratePerSecond?: number }, onGo?: () => void) =>
    load.run({ ...inTurn(stage, organizations), connections, ...how, most: most - how.from }, onGo);
  const read = () => ({
    api: cpuOf(stage.apis.map(({ pid }) => pid)),
    worker: cpuOf(stage.workers.map(({ pid }) => pid)),
    redis: cpuOf(engine.redisPids),
    postgres: readFamily(postgresPid),
  });
  try {
    let { to: from } = await send({ from: 0, durationMs: warmUpSeconds * 1_000 });
    for (const rate of loads) {
      await stage.untilQuiet();
      if (options.statements) await forgetStatements(stage.databaseUrl);
      let before = read();
      let startedAt = performance.now();
      const how = { from, durationMs: seconds * 1_000, ...(rate !== null && { ratePerSecond: rate }) };
      const result = await send(how, () => {
        before = read();
        startedAt = performance.now();
      });
      const answeredAt = performance.now();
      await stage.untilQuiet();
      const appliedAt = performance.now();
      const after = read();
      await expectApplied(stage.client, organizations, result.to);
      const changes = result.to - result.from;
      from = result.to;
      // Later they would not be the same work as that of others.
      if (rate !== null && appliedAt - startedAt > 1_000 * (changes / rate + 1)) {
        throw new Error(`${changes} changes, ${rate} a second, took ${Math.round(appliedAt - startedAt)} ms`);
      }
      yield {
        rate,
        changes,
        seconds: (appliedAt - startedAt) / 1_000,
        appliedAfterSeconds: (appliedAt - answeredAt) / 1_000,
        cpuMs: {
          api: (after.api - before.api) / changes,
          worker: (after.worker - before.worker) / changes,
          postgres: familyCpuMs(before.postgres, after.postgres) / changes,
          redis: (after.redis - before.redis) / changes,
        },
        loadCpuShare: result.cpuMs / result.elapsedMs,
      };
    }
  } finally {
    load.stop();
  }
}

function cpuOf(pids: readonly number[]): number {
  return sum(pids.map(processCpuMs));
}

function totalOf({ api, worker, postgres, redis }: CpuOfKinds): number {
  return api + worker + postgres + redis;
}

function loadOf(rate: number | null): string {
  return rate === null ? 'as many as go' : `${rate} a second`;
}

function nameOf({ name, queueShards }: QueueEngine): string {
  return name === 'cluster' ? `Redis Cluster, ${queueShards} shards` : name;
}

function print(figures: readonly ScaleOutFigures[]): void {
  printTable(
    `Scaling out: ${organizationCount} organizations, c = ${connections}`,
    [
      '',
      'apis',
      'workers',
      'sent',
      'changes/s',
      'applied after s',
      'CPU ms api',
      'worker',
      'Postgres',
      'Redis',
      'together',
      'of the first',
      'load CPU',
    ],
    figures.map(
      ({ engine, apis, workers, rate, changes, seconds, appliedAfterSeconds, cpuMs, ofFirst, loadCpuShare }) => [
        engine,
        `${apis}`,
        `${workers}`,
        loadOf(rate),
        digits(changes / seconds),
        appliedAfterSeconds.toFixed(2),
        ...[cpuMs.api, cpuMs.worker, cpuMs.postgres].map(digits),
        cpuMs.redis > 0 ? digits(cpuMs.redis) : '',
        digits(totalOf(cpuMs)),
        ofFirst.toFixed(2),
        `${Math.round(loadCpuShare * 100)} %`,
      ],
    ),
  );
}
