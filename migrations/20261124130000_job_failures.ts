import type { Knex } from 'knex';

/**
 * Why a job failed (`failure_code`), whose turn it is (`failure_class`), and by which replay it was last put back to
 * work. All of it may be missing: rows that an older version writes have none of it. Adding columns without a default
 * rewrites nothing; the indexes cover failed and replayed rows alone, of which there are few.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE sync_jobs
      ADD COLUMN failure_code text,
      ADD COLUMN failure_class text,
      ADD COLUMN replay_id uuid;
    CREATE INDEX sync_jobs_failed ON sync_jobs (failure_class) WHERE status = 'failed';
    CREATE INDEX sync_jobs_replay ON sync_jobs (replay_id) WHERE replay_id IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE sync_jobs DROP COLUMN failure_code, DROP COLUMN failure_class, DROP COLUMN replay_id');
}
