import sql from 'sql-template-tag';
import type { Database, Queryable } from '../platform/database.ts';
import { absorbOverflow } from './overflow.ts';
import { idAt, idMarginMs } from './moment-id.ts';
import { arrangePartitions, dayMs, readPartitions, weekMs, type Arranged } from './partitions.ts';
import { days } from './query.ts';

/** One statement deletes so many: short enough to hold nobody up, long enough that its round trip does not count. */
const entriesPerStatement = 5_000;

export interface Maintained extends Arranged {
  /** Entries that were deleted one by one. */
  deleted: number;
}

/**
 * Keeps the sync log in shape, by the database's clock: adds the weeks to come, drops those of which every entry is older
 * than `retentionDays`, and deletes old entries of partitions that are longer than a week (the table from before there
 * were partitions). Several processes may do it at once.
 *
 * Entries of a week that is not over yet stay for at most seven days more. `querySyncLogs` does not show them; deleting
 * them one by one would cost as much as writing them did.
 *
 * @param retentionDays null: entries are kept for ever
 */
export async function maintainSyncLogs(db: Database, retentionDays: number | null): Promise<Maintained> {
  let arranged = await arrangePartitions(db, retentionDays);
  if (arranged.overflow && (await absorbOverflow(db))) {
    const { created, dropped, overflow } = await arrangePartitions(db, retentionDays);
    arranged = { created, dropped: [...arranged.dropped, ...dropped], overflow };
  }
  return { ...arranged, deleted: retentionDays === null ? 0 : await deleteExpired(db, retentionDays) };
}

async function deleteExpired(db: Database, retentionDays: number): Promise<number> {
  const { nowMs, all } = await readPartitions(db);
  const cutoffMs = nowMs - retentionDays * dayMs;
  let total = 0;
  for (const { fromMs, toMs } of all) {
    if (toMs - fromMs <= weekMs || fromMs >= cutoffMs) continue;
    // By its bounds, not by its name: another worker may drop it meanwhile.
    const within = sql`id >= ${idAt(fromMs)}::uuid AND id < ${idAt(Math.min(toMs, cutoffMs + idMarginMs))}::uuid`;
    for (let deleted = entriesPerStatement; deleted === entriesPerStatement; total += deleted) {
      const rows = await db.query(sql`
        DELETE FROM sync_logs WHERE ${within} AND id IN (
          SELECT id FROM sync_logs WHERE ${within} AND occurred_at < now() - ${days(retentionDays)}
          ORDER BY id LIMIT ${entriesPerStatement} FOR UPDATE SKIP LOCKED
        )
        RETURNING id`);
      deleted = rows.length;
    }
  }
  return total;
}

/** How far the partitions reach ahead of now, in seconds; less than nothing when entries lie where no week is. */
export async function readPartitionsAhead(db: Queryable): Promise<number> {
  const { nowMs, future } = await readPartitions(db);
  return (future.fromMs - nowMs) / 1_000;
}
