/**
 * How the queues run. None of these is BullMQ's default; each number says why it is what it is. Both engines get the
 * same unless stated.
 */

/**
 * A worker that dies is noticed after at most lock + check: its job runs again within 8 s, where the defaults take 60 s.
 * Half a lock is the renewal interval, so a busy event loop may be late by 2.5 s before a job is taken for stalled.
 */
export const lockDurationMs = 5_000;
export const stalledIntervalMs = 2_500;

/** Every kill of a worker counts as one stall of its jobs; with the default of 1, two kills fail a job unseen. */
export const maxStalledCount = 50;

/** BullMQ waits so long before it repeats a command that a lost connection interrupted; the default is 15 s. */
export const runRetryDelayMs = 1_000;

/**
 * Attempts of one delivery and their backoff: 0.5 s, 1 s, 2 s ... 32 s, together about a minute, which outlasts a
 * restart of the database. Jitter spreads jobs that failed at the same moment.
 */
export const attempts = 8;
export const backoff = { type: 'exponential', delay: 500, jitter: 0.5 } as const;

/** No backoff is longer: a job that is delayed by more was put off by hand, and its change would wait with it. */
export const longestDelayMs = backoff.delay * 2 ** attempts;

/**
 * The ledger is Postgres; what a queue keeps is for people who look at bull-board. On Redis bounded by count, because
 * it is memory. On Postgres by age, and not by BullMQ at each completion, where it would go through all the kept rows:
 * workers clean up once a minute. Redis' in seconds, as BullMQ has them, Postgres' in milliseconds.
 */
export const retention = {
  redis: {
    removeOnComplete: { age: 3_600, count: 1_000 },
    removeOnFail: { age: 7 * 86_400, count: 10_000 },
  },
  postgres: {
    completed: 600_000,
    failed: 7 * 86_400_000,
  },
} as const;

/**
 * Jobs worked at the same time in one process, by queue. The work is SQL: more than the database has cores for only
 * makes transactions longer. A walk over many users takes one place for long, hence its own, few places.
 */
export const concurrency = { 'group-membership': 4, 'workspace-mapping': 2 } as const;

/** Reconnecting: quickly, and never later than a second after the server is back. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(attempt * 200, 1_000);
}

/** A producer's command on a frozen Redis gives up after this; without it, it would wait for ever. */
export const producerTimeoutMs = 2_000;

/**
 * A connection whose commands get no answer for so long is taken for dead and opened anew: a network that swallows
 * packets tells nobody. A worker's blocking command is answered every 10 s at the latest.
 */
export const producerSilenceMs = 5_000;
export const workerSilenceMs = 20_000;

/**
 * The same on Postgres, where waiting is no command. Without it a worker whose command was swallowed waited for ever,
 * also after the network was well again; a command that did arrive and is repeated does no harm.
 */
export const commandSilenceMs = 5_000;

/** How many jobs of all kinds one organization may have in the queue. */
export const inFlightPerOrganization = 16;

/**
 * How many of them may be `group-membership` jobs. Those that wait are done along with those that are in the queue, so
 * few deliveries carry many; twice a worker's places, so that one worker that dies holds no more than half of them up.
 */
export const membershipInFlightPerOrganization = 2 * concurrency['group-membership'];

/**
 * The same while jobs of several organizations come. What one of them floods with is then done in fuller bundles, one
 * after the other, so that the next job of another one finds a processor free. A worker that dies with that job keeps the
 * organization's others waiting until it is noticed.
 */
export const membershipInFlightBesideOthers = 1;

/** Jobs that are done along with another one, and their users: some milliseconds more for whoever waits for a place. */
export const mostAlongside = 15;
export const mostUsersAlongside = 64;

/**
 * While jobs of several organizations come, between two deliveries of one that has many of them in a row, where the last one
 * has left none of its jobs waiting. Each delivery costs several times what a job does that goes along with it, so a flood
 * that is held back, of which few jobs wait at a time, would use the processors up by its deliveries.
 */
export const rest = { lengthMs: 30, rowBreaksAfterMs: 100 };

/** Between two claims. The first nudge after a pause is not kept waiting; of many that follow, one claim takes all. */
export const claimPauseMs = 15;

/** The same for whoever had no part in the claim before: nobody is to wait because somebody else was quicker. */
export const newcomerPauseMs = 5;

/** Jobs taken by one claim and put into the queue together. */
export const claimBatch = 200;

/** Rows that a crash or another process left pending are found within this. */
export const sweepIntervalMs = 1_000;

/**
 * A job that was dispatched so long ago and is not done is looked up in its queue. Above what a job takes in a busy
 * system, so that a look-up is an exception; a lost one is late by this much.
 */
export const overdueMs = 10_000;
