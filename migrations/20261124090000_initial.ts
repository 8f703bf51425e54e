import type { Knex } from 'knex';

/**
 * The first schema. Every table of an organization carries `organization_id`, and foreign keys between them are
 * composite, so that a membership or a grant across organizations cannot be stored.
 *
 * Only primary keys of the form (organization_id, id) lead with the organization; every other index leads with the
 * column that tells rows apart. On a small table all indexes cost the same, and a session keeps the plan of a foreign
 * key check that it made then: with another index that begins with organization_id, that plan could be to read the whole
 * organization for each row (measured: 50,000 memberships did not end within 30 s, now about a second).
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- UUIDv7 (RFC 9562 section 5.7) for rows that SQL makes: 48 bits of milliseconds, version 7, then twelve bits of the
    -- fraction of a millisecond (section 6.2, method 3), so that entries sort in the order in which they were written.
    CREATE FUNCTION new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
      SELECT encode(
        overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send(micros / 1000) FROM 3)
            || substring(int4send(28672 + ((micros % 1000) * 4096 / 1000)::integer) FROM 3)
          FROM 1 FOR 8), 'hex')::uuid
      FROM (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS micros) AS now
    $$;

    CREATE TABLE organizations (
      id uuid PRIMARY KEY,
      name text NOT NULL,
      plan text NOT NULL CHECK (plan IN ('free', 'business', 'enterprise')),
      user_name_format text NOT NULL DEFAULT 'email' CHECK (user_name_format IN ('email', 'any')),
      provisioning_mode text NOT NULL DEFAULT 'manual' CHECK (provisioning_mode IN ('manual', 'jit', 'scim')),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE sso_connections (
      organization_id uuid PRIMARY KEY REFERENCES organizations ON DELETE CASCADE,
      provider text NOT NULL,
      status text NOT NULL CHECK (status IN ('active', 'inactive')),
      default_role text NOT NULL CHECK (default_role IN ('viewer', 'developer', 'admin')),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE domains (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      domain text NOT NULL CHECK (domain = lower(domain)),
      verification_token text NOT NULL,
      verified_at timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (organization_id, domain)
    );
    -- Many may claim a domain, one can prove it.
    CREATE UNIQUE INDEX domains_verified_once ON domains (domain) WHERE verified_at IS NOT NULL;

    CREATE TABLE scim_tokens (
      id uuid PRIMARY KEY,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      token_hash bytea NOT NULL CONSTRAINT scim_tokens_hash UNIQUE,
      prefix text NOT NULL,
      last_four text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      last_used_at timestamptz,
      expires_at timestamptz,
      revoked_at timestamptz
    );
    CREATE INDEX scim_tokens_organization ON scim_tokens (organization_id, id);

    CREATE TABLE users (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      id uuid NOT NULL,
      -- 'directory': an identity provider pushed this user; 'manual' and 'jit' users are never touched by directory sync.
      managed_by text NOT NULL CHECK (managed_by IN ('directory', 'manual', 'jit')),
      user_name text NOT NULL,
      user_name_key text NOT NULL GENERATED ALWAYS AS (lower(user_name)) STORED,
      email text,
      email_key text GENERATED ALWAYS AS (lower(email)) STORED,
      external_id text,
      display_name text,
      active boolean NOT NULL DEFAULT true,
      -- NULL until the first reconcile of a directory user has run.
      role text CHECK (role IN ('viewer', 'developer', 'admin')),
      -- Every SCIM attribute that has no column of its own, keyed by its canonical name or its extension's URN.
      attributes jsonb NOT NULL DEFAULT '{}',
      -- The lower-cased values of the attribute "emails", for the look-ups that identity providers make.
      email_values text[] NOT NULL DEFAULT '{}',
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (organization_id, id)
    );
    CREATE UNIQUE INDEX users_user_name ON users (user_name_key, organization_id);
    -- An address belongs to one user of one organization.
    CREATE UNIQUE INDEX users_email ON users (email_key) WHERE email_key IS NOT NULL;
    CREATE INDEX users_external_id ON users (external_id, organization_id) WHERE external_id IS NOT NULL;
    CREATE INDEX users_email_values ON users USING gin (email_values);

    CREATE TABLE groups (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      id uuid NOT NULL,
      display_name text NOT NULL,
      display_name_key text NOT NULL GENERATED ALWAYS AS (lower(display_name)) STORED,
      external_id text,
      attributes jsonb NOT NULL DEFAULT '{}',
      version integer NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (organization_id, id)
    );
    CREATE INDEX groups_display_name ON groups (display_name_key, organization_id);
    -- A group has no other identity than this; without it a repeated POST would make a twin.
    CREATE UNIQUE INDEX groups_external_id ON groups (external_id, organization_id) WHERE external_id IS NOT NULL;

    CREATE TABLE group_members (
      organization_id uuid NOT NULL,
      group_id uuid NOT NULL,
      user_id uuid NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (group_id, user_id, organization_id),
      CONSTRAINT group_members_group FOREIGN KEY (organization_id, group_id) REFERENCES groups ON DELETE CASCADE,
      CONSTRAINT group_members_user FOREIGN KEY (organization_id, user_id) REFERENCES users ON DELETE CASCADE
    );
    CREATE INDEX group_members_by_user ON group_members (user_id, organization_id);

    CREATE TABLE workspaces (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      id uuid NOT NULL,
      name text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (organization_id, id)
    );
    CREATE UNIQUE INDEX workspaces_name ON workspaces (lower(name), organization_id);

    CREATE TABLE workspace_members (
      organization_id uuid NOT NULL,
      workspace_id uuid NOT NULL,
      user_id uuid NOT NULL,
      -- A user may hold the same workspace by both origins; directory sync only ever writes 'directory' rows.
      origin text NOT NULL CHECK (origin IN ('directory', 'manual')),
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (user_id, workspace_id, origin, organization_id),
      CONSTRAINT workspace_members_workspace FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE,
      CONSTRAINT workspace_members_user FOREIGN KEY (organization_id, user_id) REFERENCES users ON DELETE CASCADE
    );
    CREATE INDEX workspace_members_by_workspace ON workspace_members (workspace_id, organization_id);

    CREATE TABLE group_mappings (
      organization_id uuid NOT NULL,
      group_id uuid NOT NULL,
      -- NULL: use the connection role.
      role text CHECK (role IN ('viewer', 'developer', 'admin')),
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (organization_id, group_id),
      CONSTRAINT group_mappings_group FOREIGN KEY (organization_id, group_id) REFERENCES groups ON DELETE CASCADE
    );

    CREATE TABLE group_mapping_workspaces (
      organization_id uuid NOT NULL,
      group_id uuid NOT NULL,
      workspace_id uuid NOT NULL,
      PRIMARY KEY (group_id, workspace_id, organization_id),
      CONSTRAINT group_mapping_workspaces_mapping FOREIGN KEY (organization_id, group_id) REFERENCES group_mappings ON DELETE CASCADE,
      CONSTRAINT group_mapping_workspaces_workspace FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces ON DELETE CASCADE
    );
    CREATE INDEX group_mapping_workspaces_by_workspace ON group_mapping_workspaces (workspace_id, organization_id);

    CREATE TABLE sync_jobs (
      id uuid PRIMARY KEY,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      queue text NOT NULL CHECK (queue IN ('group-membership', 'workspace-mapping')),
      -- Identity only: which users, group or organization; never the change itself.
      payload jsonb NOT NULL,
      status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'dispatched', 'failed')),
      attempts integer NOT NULL DEFAULT 0,
      error text,
      request_id text,
      -- {"done": n, "total": n} of a walk over many users.
      progress jsonb,
      created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      dispatched_at timestamptz
    );
    CREATE INDEX sync_jobs_organization ON sync_jobs (organization_id, status, id);
    CREATE INDEX sync_jobs_dispatched ON sync_jobs (dispatched_at) WHERE status = 'dispatched';
    CREATE INDEX sync_jobs_pending ON sync_jobs (organization_id, id) WHERE status = 'pending';

    CREATE TABLE sync_logs (
      id uuid PRIMARY KEY DEFAULT new_id(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      action text NOT NULL,
      status text NOT NULL CHECK (status IN ('SUCCESS', 'SKIPPED', 'FAILED')),
      resource_type text NOT NULL,
      resource_id text,
      resource_name text,
      actor_type text NOT NULL,
      actor_id text,
      actor_name text,
      message text NOT NULL,
      details jsonb NOT NULL DEFAULT '{}',
      request_id text,
      job_id uuid,
      attempt integer
    );
    -- Newest first, the console's and the API's order.
    CREATE INDEX sync_logs_newest ON sync_logs (organization_id, id DESC);
    CREATE INDEX sync_logs_resource ON sync_logs (organization_id, resource_id, id DESC);
    CREATE INDEX sync_logs_request ON sync_logs (organization_id, request_id) WHERE request_id IS NOT NULL;
    CREATE INDEX sync_logs_job ON sync_logs (organization_id, job_id) WHERE job_id IS NOT NULL;
    CREATE INDEX sync_logs_not_ok ON sync_logs (organization_id, status, id DESC) WHERE status <> 'SUCCESS';
    CREATE INDEX sync_logs_occurred ON sync_logs USING brin (occurred_at);

    -- What the product reads: granted access of active users.
    CREATE VIEW effective_access AS
      SELECT m.organization_id, m.user_id, m.workspace_id, m.origin
      FROM workspace_members m
      JOIN users u ON u.organization_id = m.organization_id AND u.id = m.user_id
      WHERE u.active;

    -- Whether directory sync runs for an organization, and each condition by itself: mode, plan, SSO, a verified domain.
    CREATE VIEW directory_sync_state AS
      SELECT o.id AS organization_id,
             o.provisioning_mode = 'scim' AS mode_is_scim,
             o.plan IN ('business', 'enterprise') AS plan_allows,
             coalesce(c.status = 'active', false) AS sso_is_active,
             EXISTS (SELECT FROM domains d WHERE d.organization_id = o.id AND d.verified_at IS NOT NULL) AS has_verified_domain,
             c.default_role
      FROM organizations o
      LEFT JOIN sso_connections c ON c.organization_id = o.id;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP VIEW directory_sync_state, effective_access;
    DROP TABLE sync_logs, sync_jobs, group_mapping_workspaces, group_mappings, workspace_members, workspaces,
      group_members, groups, users, scim_tokens, domains, sso_connections, organizations;
    DROP FUNCTION new_id();
  `);
}
