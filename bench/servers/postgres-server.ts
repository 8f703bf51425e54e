import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { openDataDirectory } from '../../src/platform/data-directory.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.ts';
import { createLogger } from '../../src/platform/logger.ts';

export interface PostgresServer {
  /** Process id of the postmaster; every other process of the server is its child. */
  readonly pid: number;
  readonly version: string;
  /** What the server says of its own durability, to be shown with the results. */
  readonly settings: Record<string, string>;
  url(database: string): string;
  createDatabase(name: string, template?: string): Promise<void>;
  dropDatabase(name: string): Promise<void>;
  /** Statistics for the planner and no dirty pages left over from seeding. */
  settle(database: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The one Postgres of the run. Its settings are the defaults but for two: connections for all contenders, and commit
 * times, by which the access benchmark knows when a change was there. Durability is left alone.
 */
export async function startPostgresServer(directory: string, further: string[] = []): Promise<PostgresServer> {
  const embedded = await startEmbeddedPostgres({
    dataDirectory: await openDataDirectory(directory),
    logger: createLogger({ level: 'warn', role: 'bench', destination: process.stderr }),
    onLost: (error) => {
      console.error(error);
      process.exit(1);
    },
    settings: ['max_connections=400', 'track_commit_timestamp=on', ...further],
  });
  const url = (database: string): string => {
    const other = new URL(embedded.url);
    other.pathname = `/${database}`;
    return other.href;
  };
  const as = async <T extends pg.QueryResultRow>(database: string, statement: string): Promise<T[]> => {
    const client = new pg.Client({ connectionString: url(database) });
    await client.connect();
    try {
      return (await client.query<T>(statement)).rows;
    } finally {
      await client.end();
    }
  };
  const settings: Record<string, string> = {};
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers']) {
    const [row] = await as<Record<string, string>>('postgres', `SHOW ${name}`);
    settings[name] = row?.[name] ?? '';
  }
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
    if (settings[name] !== 'on')
      throw new Error(`${name} is ${settings[name] ?? 'unknown'}: this would measure another thing`);
  }
  const [about] = await as<{ server_version: string }>('postgres', 'SHOW server_version');
  const [pid = ''] = (await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
  return {
    pid: Number(pid),
    version: about?.server_version ?? '',
    settings,
    url,
    createDatabase: async (name, template) => {
      // A copy of files, not of pages through the log: quicker for what has been seeded.
      const from = template === undefined ? '' : ` TEMPLATE ${template} STRATEGY file_copy`;
      await as('postgres', `CREATE DATABASE ${name}${from}`);
    },
    dropDatabase: async (name) => {
      await as('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
    },
    settle: async (database) => {
      await as(database, 'VACUUM ANALYZE');
      await as(database, 'CHECKPOINT');
    },
    stop: () => embedded.stop(),
  };
}
