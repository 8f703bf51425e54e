import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import type { AnswerOf } from '../contract/endpoint.ts';
import type { endpoints } from '../contract/endpoints.ts';
import { StartupError } from '../platform/startup-error.ts';

type ReplayProgress = AnswerOf<typeof endpoints.getReplay>;

export interface ReplayOutcome {
  /** Jobs that were applied, or skipped because nothing may be applied; the sync log says which. */
  applied: number;
  failed: number;
}

export interface FollowOptions {
  total: number;
  read: () => Promise<ReplayProgress>;
  /** Where to show it: a bar on a terminal, lines elsewhere. Standard output belongs to the result. */
  stream?: NodeJS.WriteStream;
  /** For tests. */
  lookEveryMs?: number;
  stalledAfterMs?: number;
}

/** A job takes milliseconds, a walk over a large organization minutes, and all the while its page count moves nothing here. */
const stalledMs = 15 * 60_000;

/** On a log file a line for every look would be noise. */
const lineEveryMs = 2_000;

/**
 * Watches a replay until each of its jobs has been applied or has failed again.
 *
 * @throws StartupError when nothing moves for a quarter of an hour: no worker runs, most likely
 */
export async function followReplay(options: FollowOptions): Promise<ReplayOutcome> {
  const { total, read, stream = process.stderr, lookEveryMs = 200, stalledAfterMs = stalledMs } = options;
  const show = stream.isTTY ? bar(stream, total) : lines(stream, total);
  let movedAt = Date.now();
  let last: ReplayOutcome | undefined;
  try {
    for (;;) {
      const { unfinished, failed } = await read();
      const now = { applied: Math.max(0, total - unfinished - failed), failed };
      if (last?.applied !== now.applied || last.failed !== now.failed) movedAt = Date.now();
      last = now;
      show.update(now, unfinished === 0);
      if (unfinished === 0) return now;
      if (Date.now() - movedAt > stalledAfterMs) {
        throw new StartupError(
          `Nothing has moved for ${Math.round(stalledAfterMs / 60_000)} minutes and ${unfinished} jobs are left: is a worker running? They are tried as soon as one does.`,
        );
      }
      await sleep(lookEveryMs);
    }
  } finally {
    show.stop();
  }
}

interface Shown {
  update(outcome: ReplayOutcome, isLast: boolean): void;
  stop(): void;
}

function bar(stream: NodeJS.WriteStream, total: number): Shown {
  const shown = new SingleBar({
    stream,
    format: 'replay {bar} {value}/{total}  {failed} failed again  {duration_formatted}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
  });
  shown.start(total, 0, { failed: 0 });
  return {
    update: ({ applied, failed }) => shown.update(applied + failed, { failed }),
    stop: () => shown.stop(),
  };
}

function lines(stream: NodeJS.WriteStream, total: number): Shown {
  let shownAt = Date.now();
  return {
    update({ applied, failed }, isLast) {
      if (!isLast && Date.now() - shownAt < lineEveryMs) return;
      shownAt = Date.now();
      stream.write(`replay: ${applied + failed} of ${total} done, ${failed} failed again\n`);
    },
    stop: () => undefined,
  };
}
