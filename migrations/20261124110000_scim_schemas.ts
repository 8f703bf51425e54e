import type { Knex } from 'knex';

/**
 * Extension schemas that a platform admin registers, for all organizations. The version of the registry moves with every
 * change, in the change's own transaction: whoever reads a version can read the schemas of that version or a later one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE scim_schemas (
      urn text PRIMARY KEY,
      resource_type text NOT NULL CHECK (resource_type IN ('User', 'Group')),
      -- name, description and attributes, as RFC 7643 section 7 writes them.
      definition jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );
    -- URNs are the same whatever their letter case (RFC 8141 section 3.1, as far as we allow their characters).
    CREATE UNIQUE INDEX scim_schemas_urn ON scim_schemas (lower(urn));

    CREATE TABLE scim_schema_registry (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      version bigint NOT NULL DEFAULT 0
    );
    INSERT INTO scim_schema_registry DEFAULT VALUES;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE scim_schema_registry, scim_schemas');
}
