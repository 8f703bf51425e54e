import sql, { empty, join } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';
import { idAt } from './moment-id.ts';
import { conditions, entryColumns, type SyncLogEntry, type SyncLogFilters } from './query.ts';

export interface LogTail {
  /** Oldest first. */
  items: SyncLogEntry[];
  /** To ask from next time. */
  cursor: string;
  /** There were more; these are the newest. */
  leftOff: boolean;
}

/**
 * An entry's id is the time at which its request was authenticated, or at which it was written; it becomes visible when
 * its transaction commits: at most ten seconds later, the limit of requests and of idle transactions. So much of the past
 * is read again each time. What could not be written for longer, while the database was away, is in the list alone.
 */
const overlapMs = 15_000;

/** The entries since a cursor, oldest first; the newest ones when there are too many, or no cursor. */
export async function tailSyncLogs(
  db: Queryable,
  organizationId: string,
  { after, limit, ...filters }: SyncLogFilters & { after?: string | undefined; limit: number },
): Promise<LogTail> {
  // Read first: what is not visible below was written later than this, or less than the overlap before it.
  const [clock] = await db.query<{ now: Date }>(sql`SELECT clock_timestamp() AS now`);
  if (clock === undefined) throw new Error('SELECT without FROM answered no row');
  const rows = await db.query<SyncLogEntry>(sql`
    SELECT ${entryColumns} FROM sync_logs
    WHERE ${join([sql`organization_id = ${organizationId}::uuid`, ...conditions(filters)], ' AND ')}
      ${after === undefined ? empty : sql`AND id > ${after}::uuid`}
    ORDER BY id DESC LIMIT ${limit + 1}`);
  const settled = idAt(clock.now.getTime() - overlapMs);
  return {
    items: rows.slice(0, limit).toReversed(),
    cursor: after !== undefined && after > settled ? after : settled,
    leftOff: after !== undefined && rows.length > limit,
  };
}
