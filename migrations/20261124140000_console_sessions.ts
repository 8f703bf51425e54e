import type { Knex } from 'knex';

/**
 * Sessions of the console. Of the cookie only its SHA-256 is here. A session belongs to an admin key of an organization
 * and is gone with it; or to the platform admin key, of which nothing is stored: `platform_proof` is an HMAC of the
 * cookie's value under that key's hash, so another key, or a made-up row, opens nothing.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE console_sessions (
      id uuid PRIMARY KEY,
      token_hash bytea NOT NULL CONSTRAINT console_sessions_token UNIQUE,
      admin_key_id uuid REFERENCES admin_keys ON DELETE CASCADE,
      platform_proof bytea,
      created_at timestamptz NOT NULL,
      last_used_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      CHECK ((admin_key_id IS NULL) <> (platform_proof IS NULL))
    );
    CREATE INDEX console_sessions_key ON console_sessions (admin_key_id, id);
    CREATE INDEX console_sessions_expiry ON console_sessions (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE console_sessions');
}
