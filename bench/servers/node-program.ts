import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

export interface NodeProgram {
  readonly pid: number;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>;
}

/** Started programs that run still, so that the end of the bench is the end of all of them. */
const running = new Set<NodeProgram>();

/** How long a program may take to be ready: the first start migrates, and the machine may be busy. */
const readyWithinMs = 60_000;

/**
 * Starts a program as an operator would: an environment of its own, NODE_ENV=production, its log in a file.
 *
 * @param words what follows `node`
 * @param ready in what it writes, says that it is ready
 */
export async function startNodeProgram(options: {
  words: string[];
  environment: Record<string, string>;
  logFile: string;
  ready: RegExp;
}): Promise<NodeProgram> {
  const { words, environment, logFile, ready } = options;
  const child = spawn(process.execPath, words, {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_ENV: 'production',
      NO_COLOR: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C in a terminal is for the bench, which then ends what it has started in order.
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  let seen = '';
  const isReady = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipe(log, { end: false });
      stream.on('data', function look(chunk: Buffer) {
        seen += chunk.toString();
        if (!ready.test(seen)) return;
        stream.off('data', look);
        resolve();
      });
    }
    child.once('exit', () => reject(new Error(`node ${words.join(' ')} ended:\n${seen}`)));
    setTimeout(() => reject(new Error(`node ${words.join(' ')} is not ready:\n${seen}`)), readyWithinMs).unref();
  });
  await isReady;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    running.delete(program);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    log.end();
  };
  const program: NodeProgram = {
    pid: child.pid ?? 0,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
  running.add(program);
  return program;
}

export async function stopAllPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop()));
}
