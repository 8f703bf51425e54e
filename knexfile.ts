import type { Knex } from 'knex';

/**
 * For the knex command line while writing a migration, for example
 * `node --import tsx node_modules/knex/bin/cli.js --knexfile knexfile.ts migrate:make name -x ts`.
 * The service itself migrates through `src/platform/migrate.ts`, which keeps extension-less names in the ledger.
 */
const config: Knex.Config = {
  client: 'pg',
  connection: process.env['DATABASE_URL'] ?? 'postgres://127.0.0.1:5432/rollcall',
  migrations: { directory: './migrations', extension: 'ts' },
};

export default config;
