import { resolveTxt } from 'node:dns/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChores } from './chores.ts';
import { awaitQueue, openFoundations, requireShared } from './foundations.ts';
import { createApp } from './http/app.ts';
import { dependencyChecks } from './http/health.ts';
import { createMetrics, metricsRouter, stateReaders } from './http/metrics.ts';
import { openServer, type HttpServer } from './http/server.ts';
import { createWorkerApp } from './http/worker-app.ts';
import { hashAdminKey, newAdminKey } from './platform/admin-key.ts';
import { publicUrl, type Config } from './platform/config.ts';
import { adminKeyFile, openDataDirectory } from './platform/data-directory.ts';
import type { Logger } from './platform/logger.ts';
import { startQueueEngine } from './queue/engine.ts';
import { openQuotaStore } from './rate-limit/open-quota-store.ts';
import type { Role } from './role.ts';
import { createLateEntries } from './sync-log/late-entries.ts';

export interface Service {
  /** Base URL; null for a worker that does not listen. */
  readonly url: string | null;
  /** The admin key that the data directory keeps; null when the environment gave one, or none is needed. */
  readonly keptAdminKey: { value: string; file: string; isNew: boolean } | null;
  readonly databaseUrl: string;
  /**
   * Finishes what is in flight, in the order of its way: requests, then jobs, then connections. Within 30 seconds,
   * normally at once.
   */
  close(): Promise<void>;
}

/**
 * How long the parts may take to end; together they stay below the 30 seconds that a supervisor should wait. A request
 * takes ten at most, and so does a page of a walk over many users, after which the walk is handed back.
 */
const drainMs = { requests: 10_000, jobs: 10_000, lateEntries: 2_000 };

interface StartOptions {
  role: Role;
  config: Config;
  logger: Logger;
  /** Called when the service cannot go on. */
  onLost: (error: Error) => void;
}

/** Remembers how to end what was started; the last is ended first. */
type OnClose = (closer: () => Promise<unknown>) => void;

/**
 * Wires one process together and starts it. What fails is undone: nothing that was started stays.
 *
 * @throws StartupError in the words of the person who set the environment
 */
export async function startService(options: StartOptions): Promise<Service> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
      await closer().catch((err: unknown) => options.logger.error({ err }, 'shutdown: a part did not end well'));
    }
  };
  try {
    return { ...(await start(options, (closer) => closers.push(closer))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: StartOptions, onClose: OnClose): Promise<Omit<Service, 'close'>> {
  const { role, config, logger } = options;
  requireShared(role, config);

  // In this order: what is wrong most often is found first, and the port before anything slow.
  const server = await listen(role, config);
  if (server !== null) onClose(() => server.close(0));
  const { db, databaseUrl } = await openFoundations(options, onClose);

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
  if (role !== 'api') onClose(startChores({ db, config, logger, metrics, nudge: () => engine.nudge() }));

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
    const lateEntries = createLateEntries(db, (entries) => {
      metrics.countLogWriteFailures(entries);
      logger.error({ entries }, 'FAILED entries of the sync log were given up: the database did not take them');
    });
    onClose(() => Promise.race([lateEntries.close(), sleep(drainMs.lateEntries, undefined, { ref: false })]));
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
        lateEntries,
      }),
    );
  }
  // Requests end before everything that they need.
  onClose(() => server.close(drainMs.requests));
  return { url, keptAdminKey, databaseUrl };
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
