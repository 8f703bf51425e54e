import type { Knex } from 'knex';

/**
 * When a SCIM token was accepted for the first time: after a rotation it tells that the provider has the new one. Of
 * tokens in use already only their last use is known, so theirs is that.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE scim_tokens ADD COLUMN first_used_at timestamptz;
    UPDATE scim_tokens SET first_used_at = last_used_at WHERE last_used_at IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE scim_tokens DROP COLUMN first_used_at');
}
