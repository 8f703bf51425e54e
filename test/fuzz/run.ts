/**
 * `npm run test:fuzz`: sends mutated requests of the scenarios to a started service, and fails when it finds an answer
 * of 500 or above, a hang, a body that is no SCIM message, or a changed row of another organization.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^\d+$/.test(value)) {
    console.error(`--${name} must be a whole number, not "${value}".`);
    process.exit(1);
  }
}

/** Set-up, the last answers and the jobs that are left; a service that blocks its own process is ended after that. */
const graceSeconds = 180;

const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', 'test/fuzz/fuzz.test.ts', '--disableConsoleIntercept'], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ_REQUESTS: values.requests, FUZZ_SECONDS: values.seconds, FUZZ_SEED: values.seed },
});
const watchdog = setTimeout(
  () => {
    console.error(`The service hangs: still running ${graceSeconds} s after the time was over. --seed ${values.seed}`);
    child.kill('SIGKILL');
  },
  (Number(values.seconds) + graceSeconds) * 1_000,
);
child.once('exit', (code) => {
  clearTimeout(watchdog);
  process.exitCode = code ?? 1;
});
