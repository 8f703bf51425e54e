import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = join(import.meta.dirname, '../..');

/** The program as users run it when `npm test` has built it, else straight from its source. */
const thisProgram =
  process.env['TEST_PROGRAM'] === undefined
    ? ['--import', 'tsx', join(root, 'src/main.ts')]
    : [join(root, process.env['TEST_PROGRAM'])];

export interface RollcallProcess {
  readonly pid: number;
  /** Everything that it has written so far, on both streams. */
  output(): string;
  /** Waits until its output matches. */
  shows(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Waits for its end. */
  ended(withinMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Starts `rollcall <words>` with nothing of our own environment that would configure it.
 *
 * @param prefix a command to start it by, which must become it (`setpriv`): signals go to this process
 * @param program words after `node` that start another version of the program
 */
export function startRollcall(
  words: string[],
  env: Record<string, string> = {},
  prefix: string[] = [],
  program: string[] = thisProgram,
): RollcallProcess {
  const [command = process.execPath, ...rest] = [...prefix, process.execPath, ...program, ...words];
  const child = spawn(command, rest, {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => (output += text));
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    // 'close', not 'exit': by then all output has been read.
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  void ended.then(() => started.delete(child));
  const { pid } = child;
  if (pid === undefined) throw new Error('node did not start');

  return {
    pid,
    output: () => output,
    shows: async (pattern, withinMs = 30_000) => {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const match = pattern.exec(output);
        if (match !== null) return match;
        if (child.exitCode !== null || Date.now() > deadline) {
          throw new Error(`rollcall ${words.join(' ')} did not show ${pattern}:\n${output}`);
        }
        await sleep(20);
      }
    },
    kill: (signal) => child.kill(signal),
    ended: async (withinMs = 30_000) => {
      const late = sleep(withinMs, 'late' as const, { ref: false });
      const result = await Promise.race([ended, late]);
      if (result === 'late') throw new Error(`rollcall ${words.join(' ')} still runs:\n${output}`);
      return result;
    },
  };
}

/** Runs a command to its end. */
export async function rollcall(
  words: string[],
  env: Record<string, string> = {},
  prefix: string[] = [],
): Promise<{ code: number | null; output: string }> {
  const command = startRollcall(words, env, prefix);
  const { code } = await command.ended();
  return { code, output: command.output() };
}

const started = new Set<ChildProcess>();

/** Ends what a failed test has left running; for `afterAll`. */
export async function killStarted(): Promise<void> {
  for (const child of started) {
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

/** A directory that is removed with all it holds. */
export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}
