import sql from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';

/** One statement deletes so many: short enough to hold nobody up, long enough that its round trip does not count. */
const entriesPerStatement = 5_000;

/**
 * Deletes the entries of every organization that are older than `retentionDays`, by the database's clock, in batches.
 * Several processes may do it at once: they leave each other's rows alone.
 *
 * @returns how many entries were deleted
 */
export async function purgeSyncLogs(db: Queryable, retentionDays: number): Promise<number> {
  let total = 0;
  for (;;) {
    const deleted = await db.query(sql`
      DELETE FROM sync_logs
      WHERE id IN (
        SELECT id FROM sync_logs WHERE occurred_at < now() - make_interval(days => ${retentionDays}::integer)
        LIMIT ${entriesPerStatement} FOR UPDATE SKIP LOCKED
      )
      RETURNING id`);
    total += deleted.length;
    if (deleted.length < entriesPerStatement) return total;
  }
}
