import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { openDatabase, type Database } from '../../src/platform/database.ts';

export interface TestDatabase extends Database {
  readonly url: string;
}

/**
 * A migrated database of one's own, cloned from the template that the global set-up made. Call it in `beforeAll`, and
 * `close()` it in `afterAll`: that drops it.
 */
export async function createTestDatabase(maxConnections = 10): Promise<TestDatabase> {
  const adminUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${inject('templateDatabase')}`);
  const url = databaseUrl(adminUrl, name);
  const database = openDatabase({
    url,
    maxConnections,
    applicationName: 'test',
    onIdleError: () => undefined, // dropping the database ends idle connections
  });
  return {
    ...database,
    url,
    close: async () => {
      await database.close();
      await runAsAdmin(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

export async function runAsAdmin(adminUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same server, another database. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
