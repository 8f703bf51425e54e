import type { Knex } from 'knex';

/**
 * Token buckets of the rate limits, where there is no Redis to hold them. Unlogged: they are worth no disk write, and an
 * empty table means that every bucket is full. Its rows are rewritten all the time and are never indexed by what changes,
 * so half-empty pages keep the updates in place.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE UNLOGGED TABLE request_quotas (
      key text PRIMARY KEY,
      tokens double precision NOT NULL,
      -- What the last lease got: RETURNING cannot see the row as it was before (until PostgreSQL 18).
      granted integer NOT NULL,
      refilled_at timestamptz NOT NULL
    ) WITH (fillfactor = 50);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE request_quotas');
}
