import { readdir } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import knexFactory, { type Knex } from 'knex';
import pg from 'pg';
import sql from 'sql-template-tag';
import type { Queryable } from './database.ts';
import { lockTimeoutMs, retryLocked } from './short-locks.ts';

const directory = new URL('../../migrations/', import.meta.url);

/**
 * Lists migrations by name without extension: knex stores the name in its ledger, and the same migration is a `.ts`
 * file in the repository and a `.js` file in `dist/`.
 */
const migrationSource: Knex.MigrationSource<string> = {
  async getMigrations() {
    const files = await readdir(fileURLToPath(directory));
    const names = files.filter((file) => /\.[jt]s$/.test(file)).map((file) => basename(file, extname(file)));
    return [...new Set(names)].sort();
  },
  getMigrationName: (name) => name,
  getMigration: (name) =>
    import(new URL(`${name}${extname(fileURLToPath(import.meta.url))}`, directory).href) as Promise<Knex.Migration>,
};

/** Advisory lock that lets `migrate` be started by several processes at once; the number is arbitrary but fixed. */
const migrateLock = 7_260_911;

/** How often a process that waits for another one's migration asks again. */
const lockPollMs = 200;

/** A migration that cannot get a lock tries again for about a minute, then says so. */
const lockTries = 60;

/** knex would write to standard output, where `--json` has its answer; what fails is thrown anyway. */
const silent = { debug() {}, warn() {}, error() {}, deprecate() {} };

/**
 * Brings the schema to the newest version. Safe to run from several processes at once: the first one works, the others
 * wait and then find nothing to do. A schema that is newer than this version of the service is left as it is.
 *
 * @param onlyNext for tests: runs at most one migration
 * @returns the names of the migrations that this call ran
 */
export async function migrate(databaseUrl: string, { onlyNext = false } = {}): Promise<string[]> {
  const holder = await takeMigrateLock(databaseUrl);
  try {
    const knex = knexFactory({
      client: 'pg',
      connection: {
        connectionString: databaseUrl,
        application_name: 'rollcall-migrate',
        // While a migration waits for a lock, everybody else queues up behind it.
        options: `-c lock_timeout=${lockTimeoutMs}`,
      },
      pool: { min: 0, max: 1 },
      acquireConnectionTimeout: 10_000,
      log: silent,
      migrations: {
        migrationSource,
        // A newer version has migrated, and this one is still in service, or is again: nothing is wrong.
        disableMigrationsListValidation: true,
      },
    });
    try {
      // Whoever holds our lock is the only one who migrates, so a mark that knex left is of a process that was killed.
      await knex.migrate.forceFreeMigrationsLock();
      const pending = async (): Promise<string[]> => ((await knex.migrate.list()) as [unknown, string[]])[1];
      const before = await pending();
      await retryLocked(() => (onlyNext ? knex.migrate.up() : knex.migrate.latest()), { tries: lockTries });
      // Not what knex answers: some may have run in a try whose next one did not get its lock.
      const after = new Set(await pending());
      return before.filter((name) => !after.has(name));
    } finally {
      await knex.destroy();
    }
  } finally {
    await holder.end();
  }
}

/**
 * Waits by asking again, not inside of a statement: a waiting statement holds a snapshot, and CREATE INDEX CONCURRENTLY
 * waits for every older snapshot to end, so the process at work and those that wait for it would wait for each other.
 *
 * @returns the session that holds the lock; its end gives it up
 */
async function takeMigrateLock(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'rollcall-migrate-lock',
    keepAlive: true,
  });
  client.on('error', () => undefined); // shows in the next query
  await client.connect();
  try {
    for (;;) {
      const { rows } = await client.query<{ had: boolean }>('SELECT pg_try_advisory_lock($1) AS had', [migrateLock]);
      if (rows[0]?.had === true) return client;
      await sleep(lockPollMs);
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Names of the migrations that this version brings and the database lacks; ones that it has beyond them do no harm. */
export async function pendingMigrations(db: Queryable): Promise<string[]> {
  const names = await migrationSource.getMigrations([]);
  try {
    const rows = await db.query<{ name: string }>(sql`SELECT name FROM knex_migrations`);
    const done = new Set(rows.map((row) => row.name));
    return names.filter((name) => !done.has(name));
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42P01') return names; // undefined_table: nothing ran yet
    throw error;
  }
}
