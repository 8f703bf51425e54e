import sql, { empty, type Sql } from 'sql-template-tag';
import type { ActorType, SyncLogAction, SyncLogResourceType, SyncLogStatus } from '../contract/sync-log.ts';
import type { Queryable } from '../platform/database.ts';
import { isId } from '../platform/ids.ts';
import { redactSecrets } from '../platform/redact-secrets.ts';

/** Who does something, and in which request: handed through every operation that leaves an entry. */
export interface Cause {
  actor: { type: ActorType; id: string | null; name: string | null };
  /** `X-Request-Id` of the HTTP request, or null for work that no request caused. */
  requestId: string | null;
}

/** The cause of everything that the service does of its own accord. */
export const systemCause: Cause = { actor: { type: 'system', id: null, name: 'Rollcall' }, requestId: null };

export interface SyncLogEntryInput {
  organizationId: string;
  action: SyncLogAction;
  status: SyncLogStatus;
  resource: { type: SyncLogResourceType; id: string | null; name: string | null };
  cause: Cause;
  /** One sentence for an admin: what happened, or why it did not and what to do. */
  message: string;
  /** Machine-readable facts: attributes changed, workspaces granted and revoked, role before and after. */
  details?: Record<string, unknown>;
  jobId?: string;
  /** Counts from 1. */
  attempt?: number;
}

/**
 * The INSERT of one entry as a fragment, for statements that write a resource, its entry and its job in one round trip.
 *
 * @param from a FROM clause whose every row makes one entry; none: exactly one. The entry is then the same for each row.
 */
export function insertEntry(entry: SyncLogEntryInput, from: Sql = empty): Sql {
  const { resource, cause } = entry;
  // Postgres stores no NUL, and what a caller sent may hold one; the entry must be written all the same.
  // A token or key that somebody put in the place of an id or a name stays out of the log.
  const storable = (text: string | null): string | null =>
    text === null ? null : redactSecrets(text.replaceAll('\0', '\u{fffd}'));
  return sql`
    INSERT INTO sync_logs (organization_id, action, status, resource_type, resource_id, resource_name,
      actor_type, actor_id, actor_name, message, details, request_id, job_id, attempt)
    SELECT ${entry.organizationId}::uuid, ${entry.action}::text, ${entry.status}::text,
      ${resource.type}::text, ${storable(resource.id)}::text, ${nameOf(entry.organizationId, resource)},
      ${cause.actor.type}::text, ${cause.actor.id}::text, ${cause.actor.name}::text,
      ${storable(entry.message)}::text, ${JSON.stringify(entry.details ?? {})}::jsonb, ${cause.requestId}::text,
      ${entry.jobId ?? null}::uuid, ${entry.attempt ?? null}::integer
    ${from}`;
}

/** Postgres stores no NUL, and what a caller sent may hold one; the entry must be written all the same. */
function storable(text: string | null): string | null {
  return text?.replaceAll('\0', '\u{fffd}') ?? null;
}

/** Where the human name of a resource stands; a mapping goes by its group. */
const namesOf: Partial<Record<SyncLogResourceType, { table: Sql; name: Sql }>> = {
  User: { table: sql`users`, name: sql`user_name` },
  Group: { table: sql`groups`, name: sql`display_name` },
  GroupMapping: { table: sql`groups`, name: sql`display_name` },
  Workspace: { table: sql`workspaces`, name: sql`name` },
};

/** The name that the caller knows, else the one that is stored: a refused request names its resource by id only. */
function nameOf(organizationId: string, { type, id, name }: SyncLogEntryInput['resource']): Sql {
  if (name !== null || id === null || !isId(id)) return sql`${storable(name)}::text`;
  if (type === 'Organization') return sql`(SELECT o.name FROM organizations o WHERE o.id = ${organizationId}::uuid)`;
  const stored = namesOf[type];
  if (stored === undefined) return sql`NULL::text`;
  return sql`(SELECT r.${stored.name} FROM ${stored.table} r WHERE r.organization_id = ${organizationId}::uuid AND r.id = ${id}::uuid)`;
}

/** Appends one entry inside the caller's transaction. */
export async function appendEntry(tx: Queryable, entry: SyncLogEntryInput): Promise<void> {
  await tx.query(insertEntry(entry));
}
