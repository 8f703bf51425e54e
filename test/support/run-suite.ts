/**
 * What `npm test` runs: makes sure of what the tests need on this machine, runs them all, and ends with one line of
 * counts. Skipped tests are named; where CI=true nobody may skip anything, so there they fail the run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { chromiumPath } from '../browser/support/chromium.ts';
import { hasPgBouncer } from './pgbouncer.ts';
import { hasRedisServer } from './test-services.ts';

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

interface Counts {
  passed: number;
  failed: number;
  skipped: string[];
}

/** Packages of Debian with what some tests start, and whether it is there. */
const systemPackages: readonly { name: string; isThere: () => boolean | Promise<boolean>; without: string }[] = [
  {
    name: 'redis-server',
    isThere: hasRedisServer,
    without: 'tests that start a Redis are skipped, without TEST_REDIS_URL all on the Redis engine',
  },
  {
    name: 'strace',
    isThere: () => spawnSync('strace', ['--version']).status === 0,
    without: 'tests that kill a process at a system call, or slow a disk down, are skipped',
  },
  {
    name: 'libfaketime',
    isThere: () => spawnSync('sh', ['-c', 'ls /usr/lib/*/faketime/libfaketimeMT.so.1']).status === 0,
    without: 'tests that set the clock of a process are skipped',
  },
  {
    name: 'pgbouncer',
    isThere: hasPgBouncer,
    without: 'the test of processes behind a pooler is skipped',
  },
  {
    name: 'chromium',
    isThere: () => existsSync(chromiumPath),
    without: 'tests of the console in a browser are skipped',
  },
];

await installWhatIsMissing();
const directory = mkdtempSync(join(tmpdir(), 'rollcall-suite-'));
const reportFile = join(directory, 'report.json');
try {
  const exitCode = await runVitest(reportFile, process.argv.slice(2));
  const counts = count(reportFile);
  // An error outside of any test fails the run without failing a test.
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  finish(counts);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function installWhatIsMissing(): Promise<void> {
  const missing: typeof systemPackages = (
    await Promise.all(systemPackages.map(async (one) => ((await one.isThere()) ? [] : [one])))
  ).flat();
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(' ');
  const warn = (why: string): void => {
    for (const { name, without } of missing) console.warn(`${name} ${why}: ${without}.`);
  };
  const isDebian = spawnSync('apt-get', ['--version']).status === 0;
  if (process.getuid?.() !== 0 || !isDebian) {
    warn('is missing and cannot be installed by this user');
    return;
  }
  console.log(`Installing ${names} from the packages of this system ...`);
  // Only the programs are wanted: a policy of 101 keeps a package from starting a server of its own.
  const install =
    'export DEBIAN_FRONTEND=noninteractive; ' +
    'if [ ! -e /usr/sbin/policy-rc.d ]; then printf "#!/bin/sh\\nexit 101\\n" > /usr/sbin/policy-rc.d; ' +
    'chmod +x /usr/sbin/policy-rc.d; trap "rm -f /usr/sbin/policy-rc.d" EXIT; fi; ' +
    `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${names}`;
  const { status } = spawnSync('sh', ['-c', install], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) warn('could not be installed');
}

function runVitest(outputFile: string, words: string[]): Promise<number> {
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`, ...words],
    // `npm test` has just built the program: tests of processes run what users run.
    { stdio: 'inherit', env: { ...process.env, TEST_PROGRAM: 'bin/rollcall.js' } },
  );
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

function count(file: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: [] };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { ...counts, failed: 1 }; // vitest did not come so far
  }
  for (const { name, status, assertionResults } of report.parse(JSON.parse(text)).testResults) {
    let failedHere = 0;
    for (const test of assertionResults) {
      if (test.status === 'passed') counts.passed += 1;
      else if (test.status === 'failed') failedHere += 1;
      else counts.skipped.push(`${name}: ${test.fullName}`);
    }
    // A file that could not even be loaded has no tests to fail.
    if (status === 'failed' && failedHere === 0) failedHere = 1;
    counts.failed += failedHere;
  }
  return counts;
}

function finish({ passed, failed, skipped }: Counts): void {
  for (const name of skipped) console.log(`skipped: ${name}`);
  const skipIsFailure = process.env['CI'] === 'true' && skipped.length > 0;
  if (skipIsFailure) console.log(`Under CI=true nothing may be skipped; ${skipped.length} tests were.`);
  process.exitCode = failed > 0 || skipIsFailure || passed === 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
}
