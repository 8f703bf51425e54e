import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/platform/migrate.ts';
import { databaseUrl, runAsAdmin } from './database.ts';
import { startTestServices } from './test-services.ts';

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

/** Makes sure of the servers that tests need, and of a migrated database to clone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { postgresUrl, redisUrl, stop } = await startTestServices();
  const templateDatabase = `template_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(postgresUrl, `CREATE DATABASE ${templateDatabase}`);
  await migrate(databaseUrl(postgresUrl, templateDatabase));
  project.provide('postgresUrl', postgresUrl);
  project.provide('templateDatabase', templateDatabase);
  project.provide('redisUrl', redisUrl);
  return async () => {
    await runAsAdmin(postgresUrl, `DROP DATABASE ${templateDatabase} WITH (FORCE)`);
    await stop();
  };
}
