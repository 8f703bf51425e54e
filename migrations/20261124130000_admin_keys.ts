import type { Knex } from 'knex';

/** Admin keys of one organization each. What is looked up on every request is the hash; the list is short. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE admin_keys (
      id uuid PRIMARY KEY,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      name text NOT NULL,
      role text NOT NULL CHECK (role IN ('admin', 'viewer')),
      key_hash bytea NOT NULL CONSTRAINT admin_keys_hash UNIQUE,
      prefix text NOT NULL,
      last_four text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      last_used_at timestamptz,
      revoked_at timestamptz
    );
    -- For the list and for the cascade. No foreign key points here, so its plans cannot take it for something else.
    CREATE INDEX admin_keys_organization ON admin_keys (organization_id, id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE admin_keys');
}
