import sql from 'sql-template-tag';
import type { OrganizationRole } from '../../src/contract/roles.ts';
import { insertMembershipJobs } from '../../src/jobs/add.ts';
import type { JobReference } from '../../src/queue/job-queue.ts';
import type { JobResult, JobRun } from '../../src/queue/job-run.ts';
import { runMappingJob } from '../../src/queue/mapping-job.ts';
import { runMembershipJob } from '../../src/queue/membership-job.ts';
import type { Database, Queryable } from '../../src/platform/database.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Cause } from '../../src/sync-log/append.ts';

/** An admin's request in a test. */
export const cause: Cause = { actor: { type: 'admin', id: 'platform', name: 'Platform admin' }, requestId: 'test' };

/** An organization whose directory sync is active, unless told otherwise. */
export async function createOrganization(
  db: Queryable,
  {
    mode = 'scim',
    defaultRole = 'viewer',
    plan = 'business',
  }: { mode?: string; defaultRole?: OrganizationRole; plan?: string } = {},
): Promise<string> {
  const id = newId();
  await db.query(sql`
    WITH organization AS (
      INSERT INTO organizations (id, name, plan, provisioning_mode)
      VALUES (${id}, 'Acme', ${plan}, ${mode}) RETURNING id
    ), connection AS (
      INSERT INTO sso_connections (organization_id, provider, status, default_role)
      SELECT id, 'okta', 'active', ${defaultRole} FROM organization
    )
    INSERT INTO domains (organization_id, domain, verification_token, verified_at)
    SELECT id, id || '.example', 'token', now() FROM organization`);
  return id;
}

export async function createUser(
  db: Queryable,
  organizationId: string,
  {
    managedBy = 'directory',
    active = true,
    role = null,
  }: { managedBy?: string; active?: boolean; role?: OrganizationRole | null } = {},
): Promise<string> {
  const id = newId();
  await db.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name, active, role)
    VALUES (${organizationId}, ${id}, ${managedBy}, ${`${id}@example.com`}, ${active}, ${role})`);
  return id;
}

/** Many users of the directory in one statement, oldest first. */
export async function createUsers(db: Queryable, organizationId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId()).sort();
  await db.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name)
    SELECT ${organizationId}, id, 'directory', id || '@example.com' FROM unnest(${ids}::uuid[]) AS id`);
  return ids;
}

export async function createWorkspace(db: Queryable, organizationId: string, name: string): Promise<string> {
  const id = newId();
  await db.query(sql`
    INSERT INTO workspaces (organization_id, id, name) VALUES (${organizationId}, ${id}, ${name})`);
  return id;
}

export async function createGroup(
  db: Queryable,
  organizationId: string,
  displayName: string,
  members: readonly string[] = [],
): Promise<string> {
  const id = newId();
  await db.query(sql`
    INSERT INTO groups (organization_id, id, display_name) VALUES (${organizationId}, ${id}, ${displayName})`);
  await addMembers(db, organizationId, id, members);
  return id;
}

export async function addMembers(
  db: Queryable,
  organizationId: string,
  groupId: string,
  userIds: readonly string[],
): Promise<void> {
  await db.query(sql`
    INSERT INTO group_members (organization_id, group_id, user_id)
    SELECT ${organizationId}, ${groupId}, id FROM unnest(${userIds}::uuid[]) AS id
    ON CONFLICT DO NOTHING`);
}

export async function removeMembers(
  db: Queryable,
  organizationId: string,
  groupId: string,
  userIds: readonly string[],
): Promise<void> {
  await db.query(sql`
    DELETE FROM group_members
    WHERE organization_id = ${organizationId} AND group_id = ${groupId} AND user_id = ANY (${userIds}::uuid[])`);
}

/** A mapping without a job, for what is there before the test begins. */
export async function mapGroup(
  db: Queryable,
  organizationId: string,
  groupId: string,
  { workspaceIds = [], role = null }: { workspaceIds?: string[]; role?: OrganizationRole | null },
): Promise<void> {
  await db.query(sql`
    INSERT INTO group_mappings (organization_id, group_id, role) VALUES (${organizationId}, ${groupId}, ${role})
    ON CONFLICT (organization_id, group_id) DO UPDATE SET role = excluded.role`);
  await db.query(sql`
    DELETE FROM group_mapping_workspaces WHERE organization_id = ${organizationId} AND group_id = ${groupId}`);
  await db.query(sql`
    INSERT INTO group_mapping_workspaces (organization_id, group_id, workspace_id)
    SELECT ${organizationId}, ${groupId}, id FROM unnest(${workspaceIds}::uuid[]) AS id`);
}

/** The job rows that a change of these users' memberships would add. @returns references, in order */
export async function addMembershipJobs(
  db: Queryable,
  organizationId: string,
  userIds: readonly string[],
  requestId: string | null = 'test',
): Promise<JobReference[]> {
  const before = await jobRows(db, organizationId);
  await db.query(insertMembershipJobs(organizationId, requestId, sql`SELECT unnest(${userIds}::uuid[]) AS user_id`));
  const known = new Set(before.map((job) => job.id));
  return (await jobRows(db, organizationId))
    .filter((job) => !known.has(job.id))
    .map(({ id }) => ({ id, organizationId }));
}

export interface JobRow {
  id: string;
  status: string;
  attempts: number;
  error: string | null;
  payload: Record<string, unknown>;
  progress: { done: number; total: number; changed: number } | null;
}

export function jobRows(db: Queryable, organizationId: string): Promise<JobRow[]> {
  return db.query<JobRow>(sql`
    SELECT id, status, attempts, error, payload, progress FROM sync_jobs
    WHERE organization_id = ${organizationId} ORDER BY id`);
}

export interface EntryRow {
  action: string;
  status: string;
  resourceType: string;
  resourceId: string | null;
  message: string;
  details: Record<string, unknown>;
  jobId: string | null;
  attempt: number | null;
  requestId: string | null;
}

/** The organization's log, oldest first. */
export function entries(db: Queryable, organizationId: string): Promise<EntryRow[]> {
  return db.query<EntryRow>(sql`
    SELECT action, status, resource_type AS "resourceType", resource_id AS "resourceId", message, details,
      job_id AS "jobId", attempt, request_id AS "requestId"
    FROM sync_logs WHERE organization_id = ${organizationId} ORDER BY occurred_at, id`);
}

/** Who holds what: `workspace:origin` of each user, sorted. */
export async function grantsOf(db: Queryable, organizationId: string, userId: string): Promise<string[]> {
  const rows = await db.query<{ grant: string }>(sql`
    SELECT w.name || ':' || m.origin AS grant
    FROM workspace_members m
    JOIN workspaces w ON w.organization_id = m.organization_id AND w.id = m.workspace_id
    WHERE m.organization_id = ${organizationId} AND m.user_id = ${userId}
    ORDER BY 1`);
  return rows.map((row) => row.grant);
}

export async function roleOf(db: Queryable, organizationId: string, userId: string): Promise<string | null> {
  const [row] = await db.query<{ role: string | null }>(sql`
    SELECT role FROM users WHERE organization_id = ${organizationId} AND id = ${userId}`);
  return row?.role ?? null;
}

/** Works a job as a worker would, without any queue. */
export function workJob(
  db: Database,
  job: JobReference,
  {
    queue = 'group-membership',
    usersPerPage,
    ...over
  }: Partial<JobRun> & { queue?: string; usersPerPage?: number } = {},
): Promise<JobResult> {
  const run: JobRun = {
    db,
    job,
    onLocked: () => undefined,
    shouldStop: () => false,
    onProgress: () => undefined,
    ...over,
  };
  return queue === 'group-membership' ? runMembershipJob(run) : runMappingJob(run, usersPerPage);
}

/** Until so many sessions of this database wait for a lock. */
export async function waitForBlocked(db: Queryable, count = 1): Promise<void> {
  for (;;) {
    const [row] = await db.query<{ blocked: number }>(sql`
      SELECT count(*) AS blocked FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    if ((row?.blocked ?? 0) >= count) return;
  }
}
