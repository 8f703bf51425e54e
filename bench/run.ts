/**
 * `npm run bench`: Rollcall against the least that does the same, on one Postgres, in one run. See docs/performance.md
 * for the method; `--help` for the options.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { prepareCeiling, startCeiling, startLimit } from './contenders/ceiling.ts';
import type { Contender } from './contenders/contender.ts';
import { startPolis } from './contenders/polis.ts';
import { prepareRollcall, startRollcall } from './contenders/rollcall.ts';
import { runContest, type Contest } from './contest.ts';
import { startLoadProcess } from './load/load-process.ts';
import { forgetStatements, printStatements, statementSettings } from './measure/statements.ts';
import { isChosen, parseOptions, studies, type Options } from './options.ts';
import { printContest, printTargets } from './report.ts';
import { stopAllPrograms } from './servers/node-program.ts';
import { queueEngines, type EngineName } from './servers/queue-engines.ts';
import { studyMapping } from './studies/big-mapping.ts';
import { studyAccess } from './studies/change-to-access.ts';
import { studyFairness } from './studies/fairness.ts';
import { studyInitialSync } from './studies/initial-sync.ts';
import { studyManyOrganizations } from './studies/many-organizations.ts';
import { studyScaleOut } from './studies/scale-out.ts';
import { polisPackage } from './polis/library.ts';
import { startPostgresServer, type PostgresServer } from './servers/postgres-server.ts';
import { ingressWorkloads } from './workloads/all.ts';
import type { Sizes } from './workloads/workload.ts';

const options = parseOptions(process.argv.slice(2), [...ingressWorkloads.map(({ name }) => name), ...studies]);
const directory = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
const stops: (() => Promise<unknown>)[] = [];
if (!options.keep) stops.push(() => rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void stopAll().then(() => process.exit(130));
  });
}
try {
  await run();
} finally {
  await stopAll();
}

async function stopAll(): Promise<void> {
  await stopAllPrograms();
  for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
}

async function run(): Promise<void> {
  const postgres = await startPostgresServer(join(directory, 'data'), options.statements ? statementSettings : []);
  stops.push(() => postgres.stop());
  const about = {
    date: new Date().toISOString(),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    node: process.version,
    postgres: postgres.version,
    settings: postgres.settings,
    options,
  };
  console.log(JSON.stringify(about, null, 1));
  if (!options.contenders.includes('polis')) {
    console.log(`${polisPackage} is not compared: it is installed and takes part with --contenders ... polis`);
  }
  const results: Record<string, unknown> = { about };
  // What is done is written at once: a long run that is cut short has still measured something.
  const note = async (name: string, measured: unknown): Promise<void> => {
    results[name] = measured;
    if (options.json !== null) await writeFile(options.json, JSON.stringify(results, null, 1));
  };
  const contests = await runIngress(postgres);
  printTargets(contests);
  await note('ingress', contests);
  await runStudies(postgres, note);
}

async function runStudies(
  postgres: PostgresServer,
  note: (name: string, measured: unknown) => Promise<void>,
): Promise<void> {
  const surroundings = { postgres, directory };
  const { quick, users, members, processes, statements } = options;
  const chosen = (name: (typeof studies)[number]) => isChosen(options, name);
  const available = queueEngines(directory);
  stops.push(() => available.stop());
  const enginesOf = (both: EngineName[]) => available.choose(options.engine === 'both' ? both : [options.engine]);
  if (chosen('access')) {
    const scale = quick ? { seconds: 3, rates: [10] } : { seconds: 30, rates: [10, 500] };
    const engines = await enginesOf(['postgres', 'redis']);
    await note('access', await studyAccess(surroundings, { engines, ...scale }));
  }
  if (chosen('fairness')) {
    const scale = quick
      ? { rounds: 1, seconds: 3, workers: [1], floodUsers: 20_000 }
      : { rounds: 4, seconds: 10, workers: [1, 3], floodUsers: 200_000 };
    const engines = await enginesOf(['postgres', 'redis']);
    await note('fairness', await studyFairness(surroundings, { engines, ...scale }));
  }
  if (chosen('scale-out')) {
    const scale = quick ? { seconds: 2, warmUpSeconds: 1 } : { seconds: 10, warmUpSeconds: 4 };
    const engines = await enginesOf(['postgres', 'redis', 'cluster']);
    await note('scaleOut', await studyScaleOut(surroundings, { engines, processes, statements, ...scale }));
  }
  if (chosen('many-organizations')) {
    const scale = quick ? { seconds: 3, organizations: 100 } : { seconds: 20, organizations: 1_000 };
    const engines = await enginesOf(['postgres', 'redis']);
    await note('manyOrganizations', await studyManyOrganizations(surroundings, { engines, ...scale }));
  }
  if (chosen('mapping')) await note('mapping', await studyMapping(surroundings, members));
  if (chosen('initial-sync')) await note('initialSync', await studyInitialSync(surroundings, users));
}

async function runIngress(postgres: PostgresServer): Promise<Contest[]> {
  const sizes = sizesFor(options);
  const workloads = ingressWorkloads.filter(
    ({ name }) => isChosen(options, name) && !(options.quick && name === 'add-member-100000'),
  );
  if (workloads.length === 0) return [];
  const contenders = await startContenders(postgres, sizes);
  const load = await startLoadProcess();
  const contests: Contest[] = [];
  try {
    for (const workload of workloads) {
      const able = contenders.filter(({ leftOut }) => leftOut?.[workload.name] === undefined);
      for (const { name, leftOut } of contenders) {
        const reason = leftOut?.[workload.name];
        if (reason !== undefined) console.log(`\n${name} is left out of ${workload.name}: ${reason}.`);
      }
      if (able.length === 0) continue;
      for (const connections of options.connections) {
        const watched = options.statements
          ? contenders.filter(({ name, servicePid }) => servicePid !== null && name !== 'ceiling')
          : [];
        for (const { databaseUrl } of watched) await forgetStatements(databaseUrl);
        const contest = await runContest({
          workload,
          // What is read leaves nothing for a worker to do.
          contenders: able.filter(({ name }) => workload.writes || !name.endsWith(', api alone')),
          load,
          postgresPid: postgres.pid,
          sizes,
          connections,
          pace: { rounds: options.rounds, turnMs: options.turnMs, warmUpMs: options.turnMs / 2 },
        });
        printContest(contest);
        for (const { name, databaseUrl } of watched) {
          await printStatements(databaseUrl, `What Postgres was asked by ${name}, warming up included`);
        }
        contests.push(contest);
      }
    }
  } finally {
    load.stop();
    for (const contender of contenders) await contender.stop();
  }
  return contests;
}

async function startContenders(postgres: PostgresServer, sizes: Sizes): Promise<Contender[]> {
  const wanted = (name: string) => options.contenders.includes(name);
  const contenders: Contender[] = [];
  const checkouts = options.against === null ? [undefined] : [undefined, resolve(options.against)];
  if (wanted('rollcall') || wanted('api')) {
    const seeded = await prepareRollcall(postgres, directory, sizes);
    const nodeFlags = options.profile === null ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profile];
    for (const worked of [true, false].filter((each) => wanted(each ? 'rollcall' : 'api'))) {
      for (const checkout of checkouts) {
        const program = { worked, nodeFlags, checkout };
        contenders.push(await startRollcall({ postgres, seeded, directory, redisUrl: null, ...program }));
      }
    }
  }
  if (wanted('ceiling') || wanted('limit')) {
    const seeded = await prepareCeiling(postgres, sizes);
    if (wanted('ceiling')) contenders.push(await startCeiling(postgres, seeded, directory));
    if (wanted('limit')) contenders.push(await startLimit(postgres, seeded));
  }
  if (wanted('polis')) {
    try {
      contenders.push(await startPolis(postgres, directory, sizes));
    } catch (error) {
      const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
      console.log(`\n${polisPackage} is not compared: ${reason}`);
    }
  }
  return contenders;
}

function sizesFor({ quick }: Options): Sizes {
  return {
    smallUsers: 10_000,
    mediumUsers: 50_000,
    spareUsers: quick ? 5_000 : 20_000,
    groups: quick ? [10, 1_000, 10_000] : [10, 1_000, 10_000, 100_000],
  };
}
