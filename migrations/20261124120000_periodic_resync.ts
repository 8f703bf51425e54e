import type { Knex } from 'knex';

/** When the access of a whole organization was last computed anew, so that it is done again in time. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE organizations ADD COLUMN resynced_at timestamptz NOT NULL DEFAULT now();
    CREATE INDEX organizations_resynced ON organizations (resynced_at) WHERE provisioning_mode = 'scim';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE organizations DROP COLUMN resynced_at');
}
