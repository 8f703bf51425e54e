/**
 * The least that a service needs to do the same: resources as JSON, members, a log and an outbox. No foreign keys, no
 * checks, no index that no request here needs.
 */
export const schema = `
  CREATE TABLE users (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    user_name text NOT NULL,
    active boolean NOT NULL,
    resource jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE UNIQUE INDEX users_user_name ON users (lower(user_name), organization_id);
  CREATE TABLE groups (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL,
    display_name text NOT NULL,
    resource jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX groups_display_name ON groups (lower(display_name), organization_id);
  CREATE TABLE group_members (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (group_id, user_id)
  );
  CREATE TABLE log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    action text NOT NULL,
    resource_id uuid NOT NULL,
    details jsonb NOT NULL
  );
  CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id uuid NOT NULL,
    user_ids uuid[] NOT NULL
  );`;
