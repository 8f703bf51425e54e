import type { SqlOperation } from '../load/operations.ts';

/**
 * Every request of the ceiling is one prepared statement, and so one transaction and one round trip: the resource, a row
 * of the log, and a row of the outbox where access may change. The limit sends the very same statements without HTTP.
 */

export function createUser(user: {
  id: string;
  organizationId: string;
  userName: string;
  active: boolean;
  resource: string;
}): SqlOperation {
  return {
    name: 'create-user',
    text: `
      WITH u AS (
        INSERT INTO users (id, organization_id, user_name, active, resource) VALUES ($1, $2, $3, $4, $5)
        RETURNING id, created_at
      ), entry AS (
        INSERT INTO log (organization_id, action, resource_id, details) SELECT $2, 'CREATE', id, '{}' FROM u
      ), job AS (
        INSERT INTO jobs (organization_id, user_ids) SELECT $2, ARRAY[id] FROM u
      )
      SELECT created_at FROM u`,
    values: [user.id, user.organizationId, user.userName, user.active, user.resource],
  };
}

export function findUser(organizationId: string, userName: string): SqlOperation {
  return {
    name: 'find-user',
    text: `SELECT id, active, resource, created_at, updated_at FROM users
      WHERE organization_id = $1 AND lower(user_name) = lower($2)`,
    values: [organizationId, userName],
  };
}

export function getUser(organizationId: string, id: string): SqlOperation {
  return {
    name: 'get-user',
    text: `SELECT id, active, resource, created_at, updated_at FROM users WHERE id = $2 AND organization_id = $1`,
    values: [organizationId, id],
  };
}

export function setActive(organizationId: string, id: string, active: boolean): SqlOperation {
  return {
    name: 'set-active',
    text: `
      WITH u AS (
        UPDATE users SET active = $3, updated_at = now() WHERE id = $2 AND organization_id = $1
        RETURNING id, active, resource, created_at, updated_at
      ), entry AS (
        INSERT INTO log (organization_id, action, resource_id, details) SELECT $1, 'UPDATE', id, '{}' FROM u
      ), job AS (
        INSERT INTO jobs (organization_id, user_ids) SELECT $1, ARRAY[id] FROM u
      )
      SELECT * FROM u`,
    values: [organizationId, id, active],
  };
}

export function createGroup(group: {
  id: string;
  organizationId: string;
  displayName: string;
  resource: string;
}): SqlOperation {
  return {
    name: 'create-group',
    text: `
      WITH g AS (
        INSERT INTO groups (id, organization_id, display_name, resource) VALUES ($1, $2, $3, $4)
        RETURNING id, created_at
      ), entry AS (
        INSERT INTO log (organization_id, action, resource_id, details) SELECT $2, 'CREATE', id, '{}' FROM g
      )
      SELECT created_at FROM g`,
    values: [group.id, group.organizationId, group.displayName, group.resource],
  };
}

export function addMembers(organizationId: string, groupId: string, userIds: readonly string[]): SqlOperation {
  return {
    name: 'add-members',
    text: `
      WITH added AS (
        INSERT INTO group_members (group_id, user_id) SELECT $2, unnest($3::uuid[])
        ON CONFLICT DO NOTHING
        RETURNING user_id
      ), ids AS (
        SELECT array_agg(user_id) AS user_ids, count(*) AS count FROM added
      ), entry AS (
        INSERT INTO log (organization_id, action, resource_id, details)
        SELECT $1, 'ADD_MEMBERS', $2, jsonb_build_object('added', count) FROM ids
      ), job AS (
        INSERT INTO jobs (organization_id, user_ids) SELECT $1, user_ids FROM ids WHERE count > 0
      )
      SELECT count::integer FROM ids`,
    values: [organizationId, groupId, userIds],
  };
}

/**
 * The one request that is a transaction of several statements: without a lock that is had before the statement begins,
 * two at the same time leave a mixture of both (seen here: 10,006 members instead of 10,000).
 */
export function replaceMembers(organizationId: string, groupId: string, userIds: readonly string[]): SqlOperation[] {
  return [
    { text: 'BEGIN' },
    { name: 'lock-group', text: 'SELECT FROM groups WHERE id = $1 FOR UPDATE', values: [groupId] },
    replaceMembersLocked(organizationId, groupId, userIds),
    { text: 'COMMIT' },
  ];
}

function replaceMembersLocked(organizationId: string, groupId: string, userIds: readonly string[]): SqlOperation {
  return {
    name: 'replace-members',
    text: `
      WITH removed AS (
        DELETE FROM group_members WHERE group_id = $2 AND user_id <> ALL ($3::uuid[]) RETURNING user_id
      ), added AS (
        INSERT INTO group_members (group_id, user_id) SELECT $2, unnest($3::uuid[])
        ON CONFLICT DO NOTHING
        RETURNING user_id
      ), ids AS (
        SELECT array_agg(user_id) AS user_ids, count(*) AS count
        FROM (SELECT user_id FROM added UNION ALL SELECT user_id FROM removed) AS concerned
      ), entry AS (
        INSERT INTO log (organization_id, action, resource_id, details)
        SELECT $1, 'UPDATE', $2, jsonb_build_object('changed', count) FROM ids
      ), job AS (
        INSERT INTO jobs (organization_id, user_ids) SELECT $1, user_ids FROM ids WHERE count > 0
      )
      SELECT count::integer FROM ids`,
    values: [organizationId, groupId, userIds],
  };
}

export function getGroup(organizationId: string, id: string): SqlOperation {
  return {
    name: 'get-group',
    text: `SELECT id, resource, created_at, updated_at FROM groups WHERE id = $2 AND organization_id = $1`,
    values: [organizationId, id],
  };
}

/** The group and the JSON text of its members, made where they are: one value instead of a row for each. */
export function getGroupWithMembers(organizationId: string, id: string, usersUrl: string): SqlOperation {
  return {
    name: 'get-group-with-members',
    text: `
      SELECT g.id, g.resource, g.created_at, g.updated_at, (
        SELECT string_agg('{"value":"' || m.user_id || '","$ref":"' || $3 || m.user_id || '","type":"User","display":'
          || to_json(u.user_name) || '}', ',')
        FROM group_members m JOIN users u ON u.id = m.user_id WHERE m.group_id = g.id) AS members
      FROM groups g WHERE g.id = $2 AND g.organization_id = $1`,
    values: [organizationId, id, usersUrl],
  };
}
