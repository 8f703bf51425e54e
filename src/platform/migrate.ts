import { readdir } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import knexFactory, { type Knex } from 'knex';
import pg from 'pg';
import sql from 'sql-template-tag';
import type { Queryable } from './database.ts';

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

/**
 * Brings the schema to the newest version. Safe to run from several processes at once: the first one works, the others
 * wait and then find nothing to do.
 *
 * @returns the names of the migrations that this call ran
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const knex = knexFactory({
    client: 'pg',
    connection: { connectionString: databaseUrl, application_name: 'rollcall-migrate' },
    // One for the lock, one for the work.
    pool: { min: 0, max: 2 },
    acquireConnectionTimeout: 10_000,
    migrations: { migrationSource },
  });
  try {
    return await knex.transaction(async (holder) => {
      await holder.raw('SELECT pg_advisory_xact_lock(?)', [migrateLock]);
      const [, names] = (await knex.migrate.latest()) as [number, string[]];
      return names;
    });
  } finally {
    await knex.destroy();
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
