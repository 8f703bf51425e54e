/**
 * `npm run test:faults:full`: the large number of each fault, on both engines, with a table at the end. It needs what
 * the tests need: redis-server, strace, root for some; a scenario that lacks something is named and skipped.
 */
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import type { EngineName } from './harness/cluster.ts';
import type { Scenario } from './scenario.ts';

const help = `Usage: npm run test:faults:full -- [options]

  --only F1,F4      faults of the catalogue; left out: all
  --name TEXT       only scenarios whose name holds this
  --engine ENGINE   postgres or redis; left out: both
  --times N         how often each fault is injected on each engine; left out: what the scenario says
  --seed SEED       the seed of the first round, as a failure prints it; the rounds after it count on from it
  --minutes N       ends a scenario after so many minutes, and says how many it came to
  --setting N=V     a setting of Postgres; with synchronous_commit=off, F2 must find lost writes: the harness sees
  --json            the summary as JSON
  --list            names the scenarios and their numbers, and runs nothing
  --help

Exit code 1 when anything that must hold did not. A failure prints its seed and the command that repeats it: the choices
are then the same, the timing is not, so it may take several tries. FAULTS_EVIDENCE=DIRECTORY keeps every round's
requests and the output of its processes.
`;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    name: { type: 'string' },
    engine: { type: 'string' },
    times: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string' },
    setting: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Line {
  fault: string;
  scenario: string;
  engine: EngineName;
  injected: number;
  planned: number;
  rounds: number;
  failedRounds: number;
  counts: Record<string, number>;
  seconds: number;
  skipped: string | null;
}

// Members run the built program; `processes.ts` looks at this when it is loaded.
process.env['TEST_PROGRAM'] ??= 'bin/rollcall.js';
const { allScenarios } = await import('./all-scenarios.ts');
const { describeFailure, missingFor, runRound, startClusterFor } = await import('./run-scenario.ts');

if (options.help) {
  console.log(help);
} else {
  const only = options.only?.split(',').map((id) => id.trim().toUpperCase());
  const chosen = allScenarios.filter(
    ({ id, name }) => (only?.includes(id) ?? true) && name.includes(options.name ?? ''),
  );
  if (chosen.length === 0) refuse('No scenario has that number and name; --list names them all.');
  if (options.list) {
    for (const { id, name, times, engines } of chosen) {
      console.log(`${id.padEnd(4)} ${name}: ${times.small} / ${times.full} on ${engines?.join() ?? 'both engines'}`);
    }
  } else {
    await runAll(chosen);
  }
}

async function runAll(scenarios: readonly Scenario[]): Promise<void> {
  const lines: Line[] = [];
  for (const engine of enginesChosen()) {
    for (const scenario of scenarios) {
      if (scenario.engines?.includes(engine) === false) continue;
      lines.push(await runOne(scenario, engine));
    }
  }
  if (options.json) console.log(JSON.stringify(lines, null, 2));
  else printTable(lines);
  if (lines.some(({ failedRounds }) => failedRounds > 0)) process.exitCode = 1;
}

async function runOne(scenario: Scenario, engine: EngineName): Promise<Line> {
  const startedAt = Date.now();
  const planned = numberOf('times') ?? scenario.times.full;
  const deadline = startedAt + (numberOf('minutes') ?? Infinity) * 60_000;
  const line: Line = {
    fault: scenario.id,
    scenario: scenario.name,
    engine,
    injected: 0,
    planned,
    rounds: 0,
    failedRounds: 0,
    counts: {},
    seconds: 0,
    skipped: missingFor(scenario, engine),
  };
  if (line.skipped !== null) {
    tell(`skipped: ${scenario.id} ${scenario.name}, engine ${engine}: ${line.skipped}`);
    return line;
  }
  const cluster = await startClusterFor(scenario, engine, options.setting);
  const end = (): void => void cluster.close().finally(() => process.exit(130));
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    const firstSeed = options.seed ?? `${scenario.id}-${startedAt % 1_000_000}`;
    while (line.injected < planned && Date.now() < deadline) {
      const times = Math.min(scenario.perRound ?? 1, planned - line.injected);
      const seed = line.rounds === 0 ? firstSeed : `${firstSeed}.${line.rounds}`;
      const result = await runRound(scenario, cluster, { seed, times });
      line.rounds += 1;
      line.injected += times;
      if (result.violations.length > 0) {
        line.failedRounds += 1;
        console.error(describeFailure(scenario, engine, result, times));
      }
      add(line.counts, result.counts);
      tell(
        `${scenario.id} ${scenario.name}, ${engine}: ${line.injected} of ${planned}, ` +
          `${line.failedRounds} rounds failed, quiet after at most ${line.counts['quietMs'] ?? 0} ms`,
      );
    }
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await cluster.close();
  }
  line.seconds = Math.round((Date.now() - startedAt) / 1000);
  return line;
}

/** Figures add up, times are worst cases. */
function add(total: Record<string, number>, more: Record<string, number>): void {
  for (const [name, value] of Object.entries(more)) {
    const before = total[name] ?? 0;
    total[name] = name.endsWith('Ms') ? Math.max(before, value) : before + value;
  }
}

function printTable(lines: readonly Line[]): void {
  const table = new Table({
    head: [
      'fault',
      'scenario',
      'engine',
      'injected',
      'rounds failed',
      'writes acknowledged',
      'in doubt',
      'quiet after',
      'took',
    ],
    style: { head: [], border: [] },
  });
  for (const { fault, scenario, engine, injected, planned, rounds, failedRounds, counts, seconds, skipped } of lines) {
    table.push(
      skipped === null
        ? [
            fault,
            scenario,
            engine,
            `${injected} of ${planned}`,
            `${failedRounds} of ${rounds}`,
            counts['acknowledged'] ?? 0,
            counts['doubts'] ?? 0,
            `${((counts['quietMs'] ?? 0) / 1000).toFixed(1)} s`,
            `${seconds} s`,
          ]
        : [fault, scenario, engine, `skipped: ${skipped}`, '', '', '', '', ''],
    );
  }
  console.log(table.toString());
}

function enginesChosen(): readonly EngineName[] {
  switch (options.engine) {
    case undefined:
      return ['postgres', 'redis'];
    case 'postgres':
    case 'redis':
      return [options.engine];
    default:
      return refuse('--engine must be postgres or redis.');
  }
}

function numberOf(name: 'times' | 'minutes'): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : refuse(`--${name} must be a whole number above 0.`);
}

/** Progress goes to standard error, so that a summary in JSON stands alone. */
function tell(words: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${words}`);
}

function refuse(words: string): never {
  console.error(words);
  process.exit(2);
}
