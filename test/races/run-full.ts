/**
 * `npm run test:races:full`: forces every race of the catalogue many times, and lets generated clients meet from many
 * seeds, on both queue engines. Shows what it is at, and ends with a table. Exits with 1 when anything failed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { z } from 'zod';

const help = `npm run test:races:full -- [options]

  --times <n>      repetitions of each race (200)
  --seeds <n>      runs of generated concurrent clients on each engine (1000)
  --seed <n>       seed of the first of them; the others count up (by the clock)
  --lanes <n>      of them at the same time, each in an organization of its own (4)
  --only <text>    only races whose number or title holds this text, as in "R7:"; "model": only the generated clients
  --engine <name>  postgres or redis (both)
  --help           this text

A run of clients that fails prints the command that starts it again from its seed.`;

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '200' },
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    lanes: { type: 'string', default: '4' },
    only: { type: 'string', default: '' },
    engine: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
for (const name of ['times', 'seeds', 'seed', 'lanes'] as const) {
  if (!/^\d+$/.test(values[name])) refuse(`--${name} must be a whole number, not "${values[name]}".`);
}
if (!['', 'postgres', 'redis'].includes(values.engine)) {
  refuse(`--engine must be postgres or redis, not "${values.engine}".`);
}

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          title: z.string(),
          status: z.string(),
          duration: z.number().nullish(),
        }),
      ),
    }),
  ),
});

const root = join(import.meta.dirname, '../..');
const startedAt = Date.now();
console.log(
  values.only === 'model'
    ? `Clients: ${values.seeds} runs from seed ${values.seed} on each engine.`
    : `Races: ${values.times} times each${values.only === '' ? `; clients: ${values.seeds} runs from seed ${values.seed} on each engine.` : '.'}`,
);
const directory = mkdtempSync(join(tmpdir(), 'rollcall-races-'));
try {
  const reportFile = join(directory, 'report.json');
  const code = await runVitest(reportFile);
  const failed = showTable(reportFile);
  console.log(
    `${Math.round((Date.now() - startedAt) / 1_000)} s, ${failed === 0 ? 'nothing failed' : `${failed} failed`}`,
  );
  process.exitCode = code !== 0 || failed > 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function runVitest(outputFile: string): Promise<number> {
  const engines = values.engine === '' ? ['postgres', 'redis'] : [values.engine];
  const files = engines.flatMap((engine) => [
    ...(values.only === 'model' ? [] : [`test/races/races-${engine}.test.ts`]),
    ...(['', 'model'].includes(values.only) ? [`test/races/model/model-${engine}.test.ts`] : []),
  ]);
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...files,
      '--disableConsoleIntercept',
      '--reporter=verbose',
      '--reporter=json',
      `--outputFile.json=${outputFile}`,
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        RACES_TIMES: values.times,
        RACES_ONLY: values.only,
        MODEL_SEEDS: values.seeds,
        MODEL_SEED: values.seed,
        MODEL_LANES: values.lanes,
      },
    },
  );
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

/** @returns how many tests failed; a file that could not be loaded counts as one */
function showTable(reportFile: string): number {
  const table = new Table({ head: ['engine', 'what', 'result', 'seconds'], style: { head: [] } });
  let failed = 0;
  for (const { name, message, assertionResults } of report.parse(JSON.parse(readFileSync(reportFile, 'utf8')))
    .testResults) {
    const engine = /(postgres|redis)\.test/.exec(name)?.[1] ?? relative(root, name);
    if (assertionResults.length === 0) {
      failed += 1;
      table.push([engine, message ?? 'the file could not be loaded', 'failed', '']);
    }
    for (const { title, status, duration } of assertionResults) {
      if (status === 'failed') failed += 1;
      table.push([engine, title, status, ((duration ?? 0) / 1_000).toFixed(1)]);
    }
  }
  console.log(table.toString());
  return failed;
}

function refuse(message: string): never {
  console.error(`${message} See --help.`);
  process.exit(1);
}
