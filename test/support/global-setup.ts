import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/platform/migrate.ts';
import { databaseUrl, runAsAdmin } from './database.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A superuser's URL of the test server's `postgres` database. */
    postgresUrl: string;
    /** A migrated database to clone. */
    templateDatabase: string;
    /** Redis for the run, or null where it is absent; then tests on the Redis engine are reported as skipped. */
    redisUrl: string | null;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgresUrl = process.env['TEST_POSTGRES_URL'];
  if (postgresUrl === undefined) throw new Error('TEST_POSTGRES_URL is not set');
  const templateDatabase = `template_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(postgresUrl, `CREATE DATABASE ${templateDatabase}`);
  await migrate(databaseUrl(postgresUrl, templateDatabase));
  project.provide('postgresUrl', postgresUrl);
  project.provide('templateDatabase', templateDatabase);
  project.provide('redisUrl', process.env['TEST_REDIS_URL'] ?? null);
  return () => runAsAdmin(postgresUrl, `DROP DATABASE ${templateDatabase} WITH (FORCE)`);
}
