import { resolveTxt } from 'node:dns/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from './http/app.ts';
import { dependencyChecks } from './http/health.ts';
import { createMetrics, metricsRouter, stateReaders } from './http/metrics.ts';
import { openServer, type HttpServer } from './http/server.ts';
import { createWorkerApp } from './http/worker-app.ts';
import { hashAdminKey, newAdminKey } from './platform/admin-key.ts';
import { ConfigError, publicUrl, type Config } from './platform/config.ts';
import { adminKeyFile, openDataDirectory } from './platform/data-directory.ts';
import { openDatabase, type Database } from './platform/database.ts';
import { startEmbeddedPostgres } from './platform/embedded-postgres.ts';
import type { Logger } from './platform/logger.ts';
import { migrate, pendingMigrations } from './platform/migrate.ts';
import { periodically } from './platform/periodically.ts';
import { checkPostgres, checkRedis, placeOf } from './platform/reachability.ts';
import { StartupError } from './platform/startup-error.ts';
import { watchBulkChanges } from './provisioning/bulk-change-alarm.ts';
import { startQueueEngine, type QueueEngine } from './queue/engine.ts';
import { openQuotaStore } from './rate-limit/open-quota-store.ts';
import { purgeSyncLogs } from './sync-log/retention.ts';
import { addPeriodicResyncs } from './access/periodic-resync.ts';

/** What a process does: `serve` is `api` and `worker` in one. */
export type Role = 'serve' | 'api' | 'worker';

export interface Service {
  /** Base URL; null for a worker that does not listen. */
  readonly url: string | null;
  /** The admin key that the data directory keeps; null when the environment gave one, or none is needed. */
  readonly keptAdminKey: { value: string; file: string; isNew: boolean } | null;
  readonly databaseUrl: string;
  /** Finishes what is in flight and ends everything that was started: within 30 seconds, normally at once. */
  close(): Promise<void>;
}

/** Connections of one process, the queue engine's aside: several processes share the hundred that Postgres allows. */
const maxConnections: Record<Role, number> = { serve: 20, api: 20, worker: 10 };

/** How long the parts may take to end; together they are the 30 seconds that a supervisor should wait. */
const drainMs = { requests: 8_000, jobs: 10_000, connections: 2_000 };

const retentionIntervalMs = 3_600_000;

/** How often to look which organizations are due for a resync; each look takes up a few. */
const resyncLookIntervalMs = 60_000;

/** How long an unusually large change stays unnoticed; each look reads the newest entries alone. */
const bulkChangeLookIntervalMs = 15_000;

/** A Redis that accepts connections may still be loading its data. */
const queueReadyWithinMs = 5_000;

/**
 * Wires one process together and starts it. What fails is undone: nothing that was started stays.
 *
 * @param onLost called when the service cannot go on
 * @throws StartupError in the words of the person who set the environment
 */
export async function startService(options: {
  role: Role;
  config: Config;
  logger: Logger;
  onLost: (error: Error) => void;
}): Promise<Service> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
      await closer().catch((err: unknown) => options.logger.error({ err }, 'shutdown: a part did not end well'));
    }
  };
  try {
    return { ...(await start({ ...options, onClose: (closer) => closers.push(closer) })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: {
  role: Role;
  config: Config;
  logger: Logger;
  onLost: (error: Error) => void;
  onClose: (closer: () => Promise<unknown>) => void;
}): Promise<Omit<Service, 'close'>> {
  const { role, config, logger, onClose } = options;
  requireShared(role, config);

  // In this order: what is wrong most often is found first, and the port before anything slow.
  const server = await listen(role, config);
  if (server !== null) onClose(() => server.close(drainMs.requests));
  if (config.databaseUrl !== null) await checkPostgres(config.databaseUrl);
  if (config.redisUrl !== null) await checkRedis(config.redisUrl);
  const databaseUrl = config.databaseUrl ?? (await embeddedDatabase(options));

  const db = openDatabase({
    url: databaseUrl,
    maxConnections: maxConnections[role],
    applicationName: `rollcall-${role}`,
    onIdleError: (err) => logger.warn({ err }, 'an idle database connection was lost'),
  });
  onClose(() => Promise.race([db.close(), sleep(drainMs.connections, undefined, { ref: false })]));
  await bringSchema(role, db, databaseUrl, logger);

  const metrics = createMetrics();
  const engine = await startQueueEngine({
    db,
    databaseUrl,
    redisUrl: config.redisUrl,
    queueShards: config.queueShards,
    logger,
    // An api process puts its own jobs on the way at once; the workers' sweep finds those that it could not.
    roles: { dispatch: true, work: role !== 'api' },
    onJobFinished: (job) => metrics.observeJob(job),
    onDispatched: (job) => metrics.observeDispatch(job),
    onDriftRepaired: (users) => metrics.countDriftRepaired(users),
  });
  onClose(() => engine.close(drainMs.jobs));
  await awaitQueue(engine, config.redisUrl);

  if (role !== 'api' && config.syncLogRetentionDays !== null) {
    const days = config.syncLogRetentionDays;
    onClose(
      periodically(
        retentionIntervalMs,
        () => purgeSyncLogs(db, days),
        (err) => logger.error({ err }, 'old sync log entries could not be removed'),
      ),
    );
  }

  if (role !== 'api' && config.resyncIntervalHours !== null) {
    const hours = config.resyncIntervalHours;
    onClose(
      periodically(
        resyncLookIntervalMs,
        async () => {
          if ((await addPeriodicResyncs(db, hours)) > 0) engine.nudge();
        },
        (err) => logger.error({ err }, 'organizations that are due for a resync could not be looked up'),
      ),
    );
  }

  if (role !== 'api' && (config.bulkChangeAlarm.users !== null || config.bulkChangeAlarm.percent !== null)) {
    const look = watchBulkChanges(db, config.bulkChangeAlarm);
    onClose(
      periodically(
        bulkChangeLookIntervalMs,
        async () => metrics.countBulkChangeAlarms(await look()),
        (err) => logger.error({ err }, 'unusually large changes could not be looked for'),
      ),
    );
  }

  // Last, so that a start that failed before has not made a key that nobody was shown.
  const keptAdminKey = role === 'worker' || config.adminKey !== null ? null : await keepAdminKey(config.dataDirectory);
  if (server === null) return { url: null, keptAdminKey, databaseUrl };
  const listening: Config = { ...config, port: server.port };
  const url = publicUrl(listening);
  if (role === 'worker') {
    const checks = dependencyChecks({ db, engine, redisUrl: config.redisUrl });
    server.serve(createWorkerApp(checks, metricsRouter({ metrics, state: stateReaders(db, engine), logger })));
  } else {
    const adminKey = config.adminKey ?? keptAdminKey?.value;
    if (adminKey === undefined) throw new Error('an api process has an admin key'); // kept above when none is given
    const quotaStore = openQuotaStore({
      redisUrl: config.redisUrl,
      db,
      onError: (err) => logger.debug({ err }, 'redis of the rate limits'),
    });
    onClose(async () => quotaStore.close());
    server.serve(
      createApp({
        db,
        config: { ...listening, publicUrl: url },
        logger,
        adminKeyHash: hashAdminKey(adminKey),
        engine,
        metrics,
        resolveTxt,
        quotaStore,
      }),
    );
  }
  return { url, keptAdminKey, databaseUrl };
}

/** Processes that work together need the same database and the same admin key, so neither can be of their own making. */
function requireShared(role: Role, config: Config): void {
  if (role === 'serve') return;
  if (config.databaseUrl === null) {
    throw new ConfigError(
      `DATABASE_URL must be set for \`rollcall ${role}\`: processes share a database. ` +
        '`rollcall serve` runs everything in one process on an embedded one.',
    );
  }
  if (role === 'api' && config.adminKey === null) {
    throw new ConfigError('ROLLCALL_ADMIN_KEY must be set for `rollcall api`: all of them must accept the same key.');
  }
}

async function listen(role: Role, config: Config): Promise<HttpServer | null> {
  if (role !== 'worker') return openServer({ host: config.host, port: config.port, portVariable: 'PORT' });
  if (config.workerPort === null) return null;
  return openServer({ host: config.host, port: config.workerPort, portVariable: 'WORKER_PORT' });
}

async function keepAdminKey(dataDirectory: string): Promise<NonNullable<Service['keptAdminKey']>> {
  const directory = await openDataDirectory(dataDirectory);
  const { value, isNew } = await directory.secret(adminKeyFile, newAdminKey);
  return { value, isNew, file: join(dataDirectory, adminKeyFile) };
}

async function embeddedDatabase(options: {
  config: Config;
  logger: Logger;
  onLost: (error: Error) => void;
  onClose: (closer: () => Promise<unknown>) => void;
}): Promise<string> {
  const { config, logger, onLost, onClose } = options;
  const dataDirectory = await openDataDirectory(config.dataDirectory);
  const embedded = await startEmbeddedPostgres({ dataDirectory, logger, onLost });
  onClose(() => embedded.stop());
  return embedded.url;
}

/** `serve` migrates by itself; where several processes run, a deployment does it once, before they start. */
async function bringSchema(role: Role, db: Database, databaseUrl: string, logger: Logger): Promise<void> {
  if (role === 'serve') {
    const migrations = await migrate(databaseUrl);
    if (migrations.length > 0) logger.info({ migrations }, 'the database schema was migrated');
    return;
  }
  const pending = await pendingMigrations(db);
  if (pending.length > 0) {
    throw new StartupError(
      `The schema of the database lacks ${pending.join(', ')}: run \`rollcall migrate\` before \`rollcall ${role}\`.`,
    );
  }
}

async function awaitQueue(engine: Pick<QueueEngine, 'ping'>, redisUrl: string | null): Promise<void> {
  const deadline = Date.now() + queueReadyWithinMs;
  for (;;) {
    try {
      await engine.ping();
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        const what = redisUrl === null ? 'The queue engine' : `REDIS_URL: Redis at ${placeOf(redisUrl)}`;
        throw new StartupError(`${what} cannot be used (${error instanceof Error ? error.message : String(error)}).`, {
          cause: error,
        });
      }
      await sleep(100);
    }
  }
}
