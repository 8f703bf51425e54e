import { loadConfig } from './platform/config.ts';
import { openDataDirectory } from './platform/data-directory.ts';
import { startEmbeddedPostgres } from './platform/embedded-postgres.ts';
import { createLogger } from './platform/logger.ts';
import { migrate } from './platform/migrate.ts';
import { checkPostgres } from './platform/reachability.ts';

/**
 * Brings the schema of DATABASE_URL, else of the embedded database, to the newest version.
 *
 * @returns the names of the migrations that ran
 */
export async function runMigrations(): Promise<string[]> {
  const config = loadConfig(process.env);
  if (config.databaseUrl !== null) {
    await checkPostgres(config.databaseUrl);
    return migrate(config.databaseUrl);
  }
  const logger = createLogger({ level: 'warn', role: 'migrate' });
  const dataDirectory = await openDataDirectory(config.dataDirectory);
  const embedded = await startEmbeddedPostgres({ dataDirectory, logger, onLost: (err) => logger.error({ err }) });
  try {
    return await migrate(embedded.url);
  } finally {
    await embedded.stop();
  }
}
