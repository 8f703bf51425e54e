import { vi } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

/** Runs a command in this process, as the shell would see it. */
export async function runCli(
  words: string[],
  env: Record<string, string> = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  let stdout = '';
  let stderr = '';
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      stdout += textOf(text);
      return true;
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += textOf(text);
      return true;
    }),
  ];
  const unused = () => Promise.reject(new Error('not part of this test'));
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await createProgram({ runRole: unused, runMigrations: unused, startLocalService: unused }).run([
      'node',
      'rollcall',
      ...words,
    ]);
    return { exitCode: exitCodeOf(process), stdout, stderr };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

function textOf(written: string | Uint8Array): string {
  return typeof written === 'string' ? written : Buffer.from(written).toString('utf8');
}

/** A function, because the compiler believes that nothing has been assigned since. */
function exitCodeOf({ exitCode }: Pick<NodeJS.Process, 'exitCode'>): number {
  return Number(exitCode ?? 0);
}
