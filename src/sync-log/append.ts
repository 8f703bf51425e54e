import sql, { empty, join, Sql } from 'sql-template-tag';
import type { ActorType, SyncLogAction, SyncLogResourceType, SyncLogStatus } from '../contract/sync-log.ts';
import type { Queryable } from '../platform/database.ts';
import { isId } from '../platform/ids.ts';
import { redactedSql, redactSecrets } from '../platform/redact-secrets.ts';

/** Who does something, and in which request: handed through every operation that leaves an entry. */
export interface Cause {
  actor: { type: ActorType; id: string | null; name: string | null };
  /** `X-Request-Id` of the HTTP request, or null for work that no request caused. */
  requestId: string | null;
}

/** The cause of everything that the service does of its own accord. */
export const systemCause: Cause = { actor: { type: 'system', id: null, name: 'Rollcall' }, requestId: null };

export interface SyncLogEntryInput {
  /**
   * Made beforehand, by `new_id()`, for an entry of which there must be exactly one whatever becomes of the connection:
   * whoever writes it a second time finds the first. Left out: a new one.
   */
  id?: string | undefined;
  organizationId: string;
  action: SyncLogAction;
  status: SyncLogStatus;
  /** The name: left to be looked up by the id where it is null, an expression where only the statement knows it. */
  resource: { type: SyncLogResourceType; id: string | null; name: string | Sql | null };
  cause: Cause;
  /** One sentence for an admin: what happened, or why it did not and what to do. */
  message: string;
  /** Machine-readable facts: attributes changed, workspaces granted and revoked, role before and after. */
  details?: Record<string, unknown>;
  jobId?: string;
  /** Counts from 1. */
  attempt?: number;
}

const columns = sql`id, organization_id, action, status, resource_type, resource_id, resource_name,
  actor_type, actor_id, actor_name, message, details, request_id, job_id, attempt`;

/**
 * The INSERT of one entry as a fragment, for statements that write a resource, its entry and its job in one round trip.
 *
 * @param from a FROM clause whose every row makes one entry; none: exactly one. The entry is then the same for each
 *   row, a name that is an expression aside.
 */
export function insertEntry(entry: SyncLogEntryInput, from: Sql = empty): Sql {
  return sql`INSERT INTO sync_logs (${columns}) ${selectEntry(entry)} ${from}`;
}

/** The value of the column `id`. */
export function entryId(id: string | undefined): Sql {
  return id === undefined ? sql`new_id()` : sql`${id}::uuid`;
}

function selectEntry(entry: SyncLogEntryInput): Sql {
  const { resource, cause } = entry;
  return sql`
    SELECT ${entryId(entry.id)}, ${entry.organizationId}::uuid, ${entry.action}::text, ${entry.status}::text,
      ${resource.type}::text, ${storable(resource.id)}::text, ${nameOf(entry.organizationId, resource)},
      ${cause.actor.type}::text, ${cause.actor.id}::text, ${cause.actor.name}::text,
      ${storable(entry.message)}::text, ${JSON.stringify(entry.details ?? {})}::jsonb, ${cause.requestId}::text,
      ${entry.jobId ?? null}::uuid, ${entry.attempt ?? null}::integer`;
}

/**
 * Postgres stores no NUL, and what a caller sent may hold one; the entry must be written all the same. A token or key that
 * somebody put in the place of an id or a name stays out of the log.
 */
function storable(text: string | null): string | null {
  return text === null ? null : redactSecrets(text.replaceAll('\0', '\u{fffd}'));
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
  if (name instanceof Sql) return redactedSql(name);
  if (name !== null || id === null || !isId(id)) return sql`${storable(name)}::text`;
  if (type === 'Organization') {
    return sql`(SELECT ${redactedSql(sql`o.name`)} FROM organizations o WHERE o.id = ${organizationId}::uuid)`;
  }
  const stored = namesOf[type];
  if (stored === undefined) return sql`NULL::text`;
  return sql`(SELECT ${redactedSql(sql`r.${stored.name}`)} FROM ${stored.table} r
    WHERE r.organization_id = ${organizationId}::uuid AND r.id = ${id}::uuid)`;
}

/** Appends one entry inside the caller's transaction. */
export async function appendEntry(tx: Queryable, entry: SyncLogEntryInput): Promise<void> {
  await tx.query(insertEntry(entry));
}

/**
 * Appends entries whose ids were made beforehand, in one statement. One that is there already stays as it is. When the
 * transaction that wrote it has not ended yet, this waits for it: the unique index decides which of the two there is.
 * And once an entry is in, no transaction that would write another one of that id can commit any more.
 *
 * @returns the ids of those that are new
 */
export async function appendEntriesOnce(
  q: Queryable,
  entries: readonly (SyncLogEntryInput & { id: string })[],
): Promise<Set<string>> {
  if (entries.length === 0) return new Set();
  const rows = await q.query<{ id: string }>(sql`
    INSERT INTO sync_logs (${columns})
    ${join(entries.map(selectEntry), ' UNION ALL ')}
    ON CONFLICT (id) DO NOTHING
    RETURNING id`);
  return new Set(rows.map(({ id }) => id));
}

/** Ids of entries that are still to come, by the clock of the database, the one clock that all processes share. */
export async function makeEntryIds(q: Queryable, count: number): Promise<string[]> {
  const rows = await q.query<{ id: string }>(sql`SELECT new_id() AS id FROM generate_series(1, ${count}::integer)`);
  return rows.map(({ id }) => id);
}

/** What an entry says of its outcome; undefined: there is none. */
export async function readOutcome(
  q: Queryable,
  organizationId: string,
  id: string,
): Promise<{ status: SyncLogStatus; resourceId: string | null } | undefined> {
  const [row] = await q.query<{ status: SyncLogStatus; resourceId: string | null }>(sql`
    SELECT status, resource_id AS "resourceId" FROM sync_logs
    WHERE id = ${id}::uuid AND organization_id = ${organizationId}::uuid`);
  return row;
}
