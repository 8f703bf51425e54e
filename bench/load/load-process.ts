import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { LoadReply, LoadRequest } from './messages.ts';
import type { LoadResult } from './run-load.ts';

export interface LoadProcess {
  /**
   * Runs one load.
   *
   * @param onGo called when everything is connected, in the moment before the first request
   * @throws when an answer was not what it has to be
   */
  run(request: LoadRequest, onGo?: () => void): Promise<LoadResult & { cpuMs: number }>;
  stop(): void;
}

/** Starts a process for the load, so that judging answers never takes time from a service's own process. */
export async function startLoadProcess(): Promise<LoadProcess> {
  const child = fork(join(import.meta.dirname, 'generator.ts'), {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
  });
  const ended = new Promise<never>((_resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the load process ended (${code ?? 'by a signal'})`)));
  });
  ended.catch(() => undefined); // only of interest to whoever waits for a reply
  const reply = (): Promise<LoadReply> =>
    Promise.race([new Promise<LoadReply>((resolve) => child.once('message', (m) => resolve(m as LoadReply))), ended]);
  await reply();

  return {
    async run(request, onGo) {
      const ready = reply();
      child.send(request);
      const first = await ready;
      if (first.kind === 'failed') throw new Error(`${request.workload}: ${first.message}`);
      const done = reply();
      onGo?.();
      child.send('go');
      const outcome = await done;
      if (outcome.kind !== 'done') {
        throw new Error(`${request.workload}: ${outcome.kind === 'failed' ? outcome.message : 'out of step'}`);
      }
      const { result, cpuMs } = outcome;
      if (result.complaints.length > 0) {
        throw new Error(`${request.workload}: wrong answers\n  ${result.complaints.join('\n  ')}`);
      }
      return { ...result, cpuMs };
    },
    stop: () => child.kill(),
  };
}
