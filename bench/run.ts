/**
 * `npm run bench`: Rollcall against the least that does the same, on one Postgres, in one run. See docs/performance.md
 * for the method; `--help` for the options.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { prepareCeiling, startCeiling, startLimit } from './contenders/ceiling.ts';
import type { Contender } from './contenders/contender.ts';
import { prepareRollcall, startRollcall } from './contenders/rollcall.ts';
import { runContest, type Contest } from './contest.ts';
import { startLoadProcess } from './load/load-process.ts';
import { isChosen, parseOptions, studies, type Options } from './options.ts';
import { printContest, printTargets } from './report.ts';
import { stopAllPrograms } from './servers/node-program.ts';
import { startPostgresServer, type PostgresServer } from './servers/postgres-server.ts';
import { ingressWorkloads } from './workloads/all.ts';
import type { Sizes } from './workloads/workload.ts';

const options = parseOptions(process.argv.slice(2), [...ingressWorkloads.map(({ name }) => name), ...studies]);
const directory = await mkdtemp(join(tmpdir(), 'rollcall-bench-'));
const stops: (() => Promise<unknown>)[] = [];
if (!options.keep) stops.push(() => rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

process.once('SIGINT', () => {
  void stopAll().then(() => process.exit(130));
});
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
  const postgres = await startPostgresServer(join(directory, 'data'));
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
  const contests = await runIngress(postgres);
  printTargets(contests);
  if (options.json !== null) await writeFile(options.json, JSON.stringify({ about, contests }, null, 1));
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
      for (const connections of options.connections) {
        const contest = await runContest({
          workload,
          // What is read leaves nothing for a worker to do.
          contenders: contenders.filter(({ name }) => workload.writes || name !== 'rollcall, api alone'),
          load,
          postgresPid: postgres.pid,
          sizes,
          connections,
          pace: { rounds: options.rounds, turnMs: options.turnMs, warmUpMs: options.turnMs / 2 },
        });
        printContest(contest);
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
  if (wanted('rollcall') || wanted('api')) {
    const seeded = await prepareRollcall(postgres, directory, sizes);
    for (const worked of [true, false].filter((each) => wanted(each ? 'rollcall' : 'api'))) {
      contenders.push(await startRollcall({ postgres, seeded, directory, redisUrl: null, worked }));
    }
  }
  if (wanted('ceiling') || wanted('limit')) {
    const seeded = await prepareCeiling(postgres, sizes);
    if (wanted('ceiling')) contenders.push(await startCeiling(postgres, seeded, directory));
    if (wanted('limit')) contenders.push(await startLimit(postgres, seeded));
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
