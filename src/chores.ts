import { addPeriodicResyncs } from './access/periodic-resync.ts';
import type { Metrics } from './http/metrics.ts';
import type { Config } from './platform/config.ts';
import type { Database } from './platform/database.ts';
import type { Logger } from './platform/logger.ts';
import { periodically } from './platform/periodically.ts';
import { watchBulkChanges } from './provisioning/bulk-change-alarm.ts';
import { maintainSyncLogs } from './sync-log/retention.ts';

/** What expired is not shown any more, and weeks are added a month ahead: there is no hurry. */
const retentionIntervalMs = 600_000;

/** A worker that never lives for a whole interval looks after the log all the same. */
const firstRetentionAfterMs = 5_000;

/** How often to look which organizations are due for a resync; each look takes up a few. */
const resyncLookIntervalMs = 60_000;

/** How long an unusually large change stays unnoticed; each look reads the newest entries alone. */
const bulkChangeLookIntervalMs = 15_000;

/**
 * Starts what a process that works jobs does from time to time beside them, as far as it is configured. Several
 * processes may do it at once.
 *
 * @param nudge says that job rows have been committed
 * @returns stops it, each of them after a run in progress
 */
export function startChores(dependencies: {
  db: Database;
  config: Config;
  logger: Logger;
  metrics: Pick<Metrics, 'countBulkChangeAlarms' | 'countSyncLogMaintenanceFailure'>;
  nudge: () => void;
}): () => Promise<void> {
  const { db, config, logger, metrics, nudge } = dependencies;
  const { syncLogRetentionDays, resyncIntervalHours, bulkChangeAlarm } = config;
  const stops: (() => Promise<void>)[] = [];
  const every = (intervalMs: number, failure: string, work: () => Promise<unknown>): void => {
    stops.push(periodically(intervalMs, work, (err) => logger.error({ err }, failure)));
  };

  stops.push(
    periodically(
      retentionIntervalMs,
      async () => {
        const { created, dropped, deleted, overflow } = await maintainSyncLogs(db, syncLogRetentionDays);
        if (created.length + dropped.length + deleted > 0) {
          logger.info({ created, dropped, deleted }, 'the sync log was put in order');
        }
        if (overflow) logger.warn('sync log entries lie beyond every week: look at the clock of the database');
      },
      (err) => {
        metrics.countSyncLogMaintenanceFailure();
        logger.error({ err }, 'the sync log could not be put in order: weeks are not added, or old entries stay');
      },
      firstRetentionAfterMs,
    ),
  );
  if (resyncIntervalHours !== null) {
    every(resyncLookIntervalMs, 'organizations that are due for a resync could not be looked up', async () => {
      if ((await addPeriodicResyncs(db, resyncIntervalHours)) > 0) nudge();
    });
  }
  if (bulkChangeAlarm.users !== null || bulkChangeAlarm.percent !== null) {
    const look = watchBulkChanges(db, bulkChangeAlarm);
    every(bulkChangeLookIntervalMs, 'unusually large changes could not be looked for', async () =>
      metrics.countBulkChangeAlarms(await look()),
    );
  }
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}
