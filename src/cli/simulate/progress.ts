import { SingleBar } from 'cli-progress';

/** Shows how far a phase of known length is. */
export interface Progress {
  start(label: string, total: number): void;
  step(): void;
  stop(): void;
}

/**
 * A bar on a terminal; elsewhere one line when a phase ends, so that a log file stays readable. Always on standard
 * error: standard output belongs to the result.
 */
export function showProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let bar: SingleBar | undefined;
  let phase = { label: '', done: 0, startedAt: 0 };
  return {
    start(label, total) {
      phase = { label, done: 0, startedAt: performance.now() };
      if (!stream.isTTY) return;
      bar = new SingleBar({
        stream,
        format: `${label.padEnd(12)} {bar} {value}/{total}  {duration_formatted}`,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        hideCursor: true,
      });
      bar.start(total, 0);
    },
    step() {
      phase.done += 1;
      bar?.increment();
    },
    stop() {
      bar?.stop();
      bar = undefined;
      if (stream.isTTY) return;
      const seconds = ((performance.now() - phase.startedAt) / 1000).toFixed(1);
      stream.write(`${phase.label}: ${phase.done} in ${seconds} s\n`);
    },
  };
}

export const noProgress: Progress = {
  start: () => undefined,
  step: () => undefined,
  stop: () => undefined,
};
