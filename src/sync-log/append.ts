import sql, { empty, type Sql } from 'sql-template-tag';
import type { ActorType, SyncLogAction, SyncLogResourceType, SyncLogStatus } from '../contract/sync-log.ts';
import type { Queryable } from '../platform/database.ts';

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
  const storable = (text: string | null): string | null => text?.replaceAll('\0', '\u{fffd}') ?? null;
  return sql`
    INSERT INTO sync_logs (organization_id, action, status, resource_type, resource_id, resource_name,
      actor_type, actor_id, actor_name, message, details, request_id, job_id, attempt)
    SELECT ${entry.organizationId}::uuid, ${entry.action}::text, ${entry.status}::text,
      ${resource.type}::text, ${storable(resource.id)}::text, ${storable(resource.name)}::text,
      ${cause.actor.type}::text, ${cause.actor.id}::text, ${cause.actor.name}::text,
      ${storable(entry.message)}::text, ${JSON.stringify(entry.details ?? {})}::jsonb, ${cause.requestId}::text,
      ${entry.jobId ?? null}::uuid, ${entry.attempt ?? null}::integer
    ${from}`;
}

/** Appends one entry inside the caller's transaction. */
export async function appendEntry(tx: Queryable, entry: SyncLogEntryInput): Promise<void> {
  await tx.query(insertEntry(entry));
}
