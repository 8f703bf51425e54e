import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type Config } from './platform/config.ts';
import { openDataDirectory } from './platform/data-directory.ts';
import { openDatabase, type Database } from './platform/database.ts';
import { startEmbeddedPostgres } from './platform/embedded-postgres.ts';
import type { Logger } from './platform/logger.ts';
import { migrate, pendingMigrations } from './platform/migrate.ts';
import { checkPostgres, checkRedis, placeOf } from './platform/reachability.ts';
import { StartupError } from './platform/startup-error.ts';
import type { QueueEngine } from './queue/engine.ts';
import type { Role } from './role.ts';

/** Connections of one process, the queue engine's aside: several processes share the hundred that Postgres allows. */
const maxConnections: Record<Role, number> = { serve: 20, api: 20, worker: 10 };

/** Connections to a server that is away are left to the end of the process. */
const closeDatabaseMs = 2_000;

/** A Redis that accepts connections may still be loading its data. */
const queueReadyWithinMs = 5_000;

/** Processes that work together need the same database and the same admin key, so neither can be of their own making. */
export function requireShared(role: Role, config: Config): void {
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

/**
 * Opens the database with the schema that this version needs: the one that is configured, else an embedded one. That
 * Redis can be reached is checked before anything slow begins.
 *
 * @param onClose told how to end what was started, the database before the server that it is on
 * @throws StartupError
 */
export async function openFoundations(
  { role, config, logger, onLost }: { role: Role; config: Config; logger: Logger; onLost: (error: Error) => void },
  onClose: (closer: () => Promise<unknown>) => void,
): Promise<{ db: Database; databaseUrl: string }> {
  if (config.databaseUrl !== null) await checkPostgres(config.databaseUrl);
  if (config.redisUrl !== null) await checkRedis(config.redisUrl);
  let databaseUrl = config.databaseUrl;
  if (databaseUrl === null) {
    const dataDirectory = await openDataDirectory(config.dataDirectory);
    const embedded = await startEmbeddedPostgres({ dataDirectory, logger, onLost });
    onClose(() => embedded.stop());
    databaseUrl = embedded.url;
  }
  const db = openDatabase({
    url: databaseUrl,
    maxConnections: maxConnections[role],
    applicationName: `rollcall-${role}`,
    preparedStatements: config.preparedStatements,
    onIdleError: (err) => logger.warn({ err }, 'an idle database connection was lost'),
  });
  onClose(() => Promise.race([db.close(), sleep(closeDatabaseMs, undefined, { ref: false })]));
  await bringSchema(role, db, databaseUrl, logger);
  return { db, databaseUrl };
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

/** @throws StartupError when the queues cannot be used within a few seconds */
export async function awaitQueue(engine: Pick<QueueEngine, 'ping'>, redisUrl: string | null): Promise<void> {
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
