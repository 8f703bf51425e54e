import type { Queue } from 'bullmq';
import { asError } from '../platform/errors.ts';
import { periodically } from '../platform/periodically.ts';

/** How long a queue keeps jobs that have ended, in milliseconds. */
export interface KeptFor {
  completed: number;
  failed: number;
}

const cleanIntervalMs = 60_000;

/** A worker that never lives for a whole interval cleans all the same. */
const firstCleaningAfterMs = 5_000;

/** One statement deletes so many; what is over follows at once. */
const mostAtOnce = 10_000;

/**
 * Removes the jobs of a queue that ended long ago. Several processes may do it at once. One that is taken up again in that
 * very moment may go too; its row in the ledger stands, and has it put into the queue again.
 */
export async function cleanEndedJobs(
  queue: Pick<Queue, 'clean'>,
  keptFor: KeptFor,
  shouldStop: () => boolean = () => false,
): Promise<void> {
  for (const state of ['completed', 'failed'] as const) {
    let removed: string[];
    do {
      removed = await queue.clean(keptFor[state], mostAtOnce, state);
    } while (removed.length === mostAtOnce && !shouldStop());
  }
}

/** The same once a minute. @returns stops it; resolves when a run in progress has ended */
export function keepCleaning(queue: Queue, keptFor: KeptFor, onError: (error: Error) => void): () => Promise<void> {
  let isStopping = false;
  const stop = periodically(
    cleanIntervalMs,
    () => cleanEndedJobs(queue, keptFor, () => isStopping),
    (error) => onError(asError(error)),
    firstCleaningAfterMs,
  );
  return () => {
    isStopping = true;
    return stop();
  };
}
