import { raw } from 'sql-template-tag';
import type { Database } from '../platform/database.ts';
import { retryLocked, shortLocks } from '../platform/short-locks.ts';
import { idAt, momentOf } from './moment-id.ts';
import { aheadMs, createPartition, dayMs, nextMonday, readPartitions, weekName } from './partitions.ts';

/**
 * Makes an ordinary partition of the one without an end, when entries have got into it because no worker added weeks in
 * time: no entry moves, and new weeks can follow. The check is validated first, while everybody reads and writes, so
 * that attaching the table again scans nothing.
 *
 * @returns false when an entry lies so far ahead that its clock must have been wrong; then everything stays as it is
 */
export async function absorbOverflow(db: Database, tries = 40): Promise<boolean> {
  const { nowMs, future } = await readPartitions(db);
  const [newest] = await db.query<{ id: string }>(raw(`SELECT id FROM ${future.name} ORDER BY id DESC LIMIT 1`));
  const newestMs = newest === undefined ? 0 : momentOf(newest.id);
  if (newestMs > nowMs + aheadMs) return false;
  const toMs = nextMonday(Math.max(nowMs + dayMs, newestMs));
  const week = { name: weekName(future.fromMs), fromMs: future.fromMs, toMs };

  const short = (changed: string[], statements: string[]) =>
    retryLocked(
      () =>
        db.transaction(async (tx) => {
          await tx.query(raw(shortLocks(...changed)));
          for (const statement of statements) await tx.query(raw(statement));
        }),
      { tries },
    );
  const check = `${future.name}_until`;
  await short(
    [future.name],
    [
      `ALTER TABLE ${future.name} DROP CONSTRAINT IF EXISTS ${check}`,
      `ALTER TABLE ${future.name} ADD CONSTRAINT ${check} CHECK (id >= '${idAt(week.fromMs)}' AND id < '${idAt(week.toMs)}') NOT VALID`,
    ],
  );
  await short([future.name], [`ALTER TABLE ${future.name} VALIDATE CONSTRAINT ${check}`]);
  await short(
    ['organizations', 'sync_logs', future.name],
    [
      'LOCK TABLE organizations IN SHARE ROW EXCLUSIVE MODE',
      'LOCK TABLE ONLY sync_logs IN ACCESS EXCLUSIVE MODE',
      `ALTER TABLE sync_logs DETACH PARTITION ${future.name}`,
      `ALTER TABLE ${future.name} RENAME TO ${week.name}`,
      `ALTER TABLE sync_logs ATTACH PARTITION ${week.name} FOR VALUES FROM ('${idAt(week.fromMs)}') TO ('${idAt(week.toMs)}')`,
      `ALTER TABLE ${week.name} DROP CONSTRAINT ${check}`,
      createPartition({ ...future, fromMs: week.toMs }),
    ],
  );
  return true;
}
