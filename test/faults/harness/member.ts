import { freePort } from '../../support/free-port.ts';
import { startRollcall, type RollcallProcess } from '../../support/processes.ts';

export type MemberRole = 'api' | 'worker';

/** One process of the cluster, and whoever takes its place on the same port when it has ended. */
export interface Member {
  readonly role: MemberRole;
  /** `api-0`, `worker-1` ... */
  readonly name: string;
  /** Base URL, the same after every start; a worker answers health and metrics there. */
  readonly url: string;
  /** Of the process that runs now, or ran last. */
  pid(): number;
  isRunning(): boolean;
  /** Everything that the process, and those before it, have written. */
  output(): string;
  /**
   * Starts it unless it runs, and resolves when it is ready.
   *
   * @param how.prefix a command to start it by, which must become it
   * @param how.program words after `node` that start another version
   */
  start(how?: { prefix?: readonly string[]; program?: readonly string[] }): Promise<void>;
  /** Sends a signal to the process that runs. */
  signal(signal: NodeJS.Signals): void;
  /** kill -9; resolves when it has ended. A stopped process ends too. */
  kill(): Promise<void>;
  /** Resolves when the process that runs has ended, in whatever way. */
  ended(withinMs?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export async function createMember(options: {
  role: MemberRole;
  name: string;
  environment: Record<string, string>;
}): Promise<Member> {
  const { role, name } = options;
  const port = await freePort();
  const environment = { ...options.environment, [role === 'api' ? 'PORT' : 'WORKER_PORT']: `${port}` };
  let current: RollcallProcess | undefined;
  let running = false;
  let earlierOutput = '';

  const launch: Member['start'] = async ({ prefix = [], program } = {}) => {
    earlierOutput += current?.output() ?? '';
    const started = startRollcall([role], environment, [...prefix], program && [...program]);
    current = started;
    running = true;
    // No limit: it is meant to run for as long as the test does.
    void started.ended(2 ** 31 - 1).then(() => {
      if (current === started) running = false;
    });
    await started.shows(new RegExp(`"msg":"${role} is ready"`), 60_000);
  };

  return {
    role,
    name,
    url: `http://127.0.0.1:${port}`,
    pid() {
      if (current === undefined) throw new Error(`${name} has not been started`);
      return current.pid;
    },
    isRunning: () => running,
    output: () => earlierOutput + (current?.output() ?? ''),
    async start(how) {
      if (!running) await launch(how);
    },
    signal: (signal) => current?.kill(signal),
    async kill() {
      if (!running || current === undefined) return;
      current.kill('SIGKILL');
      await current.ended();
      running = false;
    },
    async ended(withinMs) {
      if (current === undefined) throw new Error(`${name} has not been started`);
      const end = await current.ended(withinMs);
      running = false;
      return end;
    },
  };
}
