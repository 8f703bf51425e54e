import type { Knex } from 'knex';
import { shortStep } from '../src/platform/short-locks.ts';

export const config = { transaction: false };

/**
 * A newer version may bring a queue of its own and must be able to write rows for it while this schema is in place; what
 * a version does not know it leaves alone.
 */
export async function up(knex: Knex): Promise<void> {
  await shortStep(knex, ['sync_jobs'], 'ALTER TABLE sync_jobs DROP CONSTRAINT IF EXISTS sync_jobs_queue_check');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE sync_jobs
      ADD CONSTRAINT sync_jobs_queue_check CHECK (queue IN ('group-membership', 'workspace-mapping')) NOT VALID`);
}
