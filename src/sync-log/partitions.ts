import sql, { raw } from 'sql-template-tag';
import type { Database, Queryable } from '../platform/database.ts';
import { retryLocked, shortLocks } from '../platform/short-locks.ts';
import { idAt, idMarginMs, momentOf } from './moment-id.ts';

/** One partition of `sync_logs`: the ids of [fromMs, toMs), Unix milliseconds; the outermost ones are open-ended. */
export interface Partition {
  name: string;
  fromMs: number;
  toMs: number;
}

/** How `sync_logs` is partitioned at this moment, oldest first, without a gap. */
export interface Partitions {
  /** The database's clock. */
  nowMs: number;
  all: readonly Partition[];
  past: Partition;
  future: Partition;
}

export const dayMs = 86_400_000;

/**
 * Planning a page takes time and locks for each partition (`npm run bench:sync-log`, 200,000 entries in 400 days): 2 ms and
 * 522 locks with weeks; 20 to 85 ms and 3,458 locks with days, of which a default Postgres has room for some 13,000. With
 * 90 days it was 0.7 ms against 4 ms; the plain table took 0.1 ms.
 */
export const weekMs = 7 * dayMs;

/** Weeks begin on Monday in UTC; 1970-01-05 was one. */
const firstMondayMs = 4 * dayMs;

/** Partitions exist for so long ahead: a holiday in which no worker runs does no harm. */
export const aheadMs = 4 * weekMs;

/** The lock of the one worker that arranges; the number is arbitrary but fixed. */
const arrangeLock = 7_260_914;

/** @throws Error when the table is not partitioned as the migrations left it */
export async function readPartitions(db: Queryable): Promise<Partitions> {
  const rows = await db.query<{ name: string; from: string | null; to: string | null; nowMs: number }>(sql`
    SELECT quote_ident(c.relname) AS name, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs",
      substring(pg_get_expr(c.relpartbound, 0) FROM 'FROM .''([0-9a-f-]+)''') AS from,
      substring(pg_get_expr(c.relpartbound, 0) FROM 'TO .''([0-9a-f-]+)''') AS to
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'sync_logs'::regclass`);
  const all = rows
    .map(({ name, from, to }) => ({
      name,
      fromMs: from === null ? -Infinity : momentOf(from),
      toMs: to === null ? Infinity : momentOf(to),
    }))
    .sort((a, b) => a.fromMs - b.fromMs);
  const [past] = all;
  const future = all.at(-1);
  if (past?.fromMs !== -Infinity || future?.toMs !== Infinity) {
    throw new Error('sync_logs must have a first and a last partition without an end: run `rollcall migrate`.');
  }
  return { nowMs: rows[0]?.nowMs ?? 0, all, past, future };
}

export interface ArrangePlan {
  /** Weeks to drop, with every entry in them; `past` goes too then, as all in it is older. */
  expired: Partition[];
  /** Weeks to create, oldest first. */
  missing: Partition[];
}

/** @param retentionDays null: entries are kept for ever */
export function planArrangement({ nowMs, all, past, future }: Partitions, retentionDays: number | null): ArrangePlan {
  const cutoffMs = retentionDays === null ? -Infinity : nowMs - retentionDays * dayMs - idMarginMs;
  const expired = all.filter((one) => one !== past && one !== future && one.toMs <= cutoffMs);
  const missing: Partition[] = [];
  for (let fromMs = future.fromMs; fromMs < nowMs + aheadMs; fromMs = nextMonday(fromMs)) {
    missing.push({ name: weekName(fromMs), fromMs, toMs: nextMonday(fromMs) });
  }
  return { expired, missing };
}

/** The first Monday after a moment. */
export function nextMonday(momentMs: number): number {
  return Math.floor((momentMs - firstMondayMs) / weekMs + 1) * weekMs + firstMondayMs;
}

export function weekName(fromMs: number): string {
  return `sync_logs_w${new Date(fromMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

export interface Arranged {
  /** Names of partitions. */
  created: string[];
  dropped: string[];
  /** Whether entries lie beyond the weeks, where they hinder new ones: no worker ran for weeks, or a clock ran ahead. */
  overflow: boolean;
}

const nothing: Arranged = { created: [], dropped: [], overflow: false };

/**
 * Creates the weeks to come and drops the expired ones, by the database's clock. One process does it at a time; the
 * others find nothing to do. A change holds the table for some hundredths of a second, and waits a quarter of a second
 * at most for whoever is at it, because all that comes later queues up behind; then it tries again.
 *
 * @throws the last attempt's error when the locks could not be had within about half a minute; the next run tries again
 */
export function arrangePartitions(db: Database, retentionDays: number | null, tries = 40): Promise<Arranged> {
  return retryLocked(() => db.transaction((tx) => arrange(tx, retentionDays)), { tries });
}

async function arrange(tx: Queryable, retentionDays: number | null): Promise<Arranged> {
  const [lock] = await tx.query<{ had: boolean }>(sql`SELECT pg_try_advisory_xact_lock(${arrangeLock}::bigint) AS had`);
  if (lock?.had !== true) return nothing;
  const partitions = await readPartitions(tx);
  const { expired, missing } = planArrangement(partitions, retentionDays);
  if (expired.length === 0 && missing.length === 0) return nothing;

  const { all, past, future } = partitions;
  const changed = [
    'organizations',
    'sync_logs',
    future.name,
    ...(expired.length > 0 ? [past, ...expired] : []).map(nameOf),
  ];
  await tx.query(raw(shortLocks(...changed)));
  // The foreign key of a new partition needs the first lock. Readers of the other partitions are not waited for, but
  // whoever looks up the table by its name is kept out for the moment.
  await tx.query(raw('LOCK TABLE organizations IN SHARE ROW EXCLUSIVE MODE'));
  await tx.query(raw('LOCK TABLE ONLY sync_logs IN ACCESS EXCLUSIVE MODE'));
  if (expired.length > 0) {
    const firstKept = all.find((one) => one !== past && !expired.includes(one)) ?? future;
    await tx.query(raw(`DROP TABLE ${[past, ...expired].map(nameOf).join(', ')}`));
    await tx.query(raw(createPartition({ ...past, toMs: firstKept.fromMs })));
  }
  let overflow = false;
  if (missing.length > 0) {
    const [held] = await tx.query<{ entries: boolean }>(raw(`SELECT EXISTS (SELECT FROM ${future.name}) AS entries`));
    overflow = held?.entries === true;
    if (!overflow) {
      const last = missing.at(-1) ?? future;
      await tx.query(raw(`DROP TABLE ${future.name}`));
      for (const week of missing) await tx.query(raw(createPartition(week)));
      await tx.query(raw(createPartition({ ...future, fromMs: last.toMs })));
    }
  }
  return { created: overflow ? [] : missing.map(nameOf), dropped: expired.map(nameOf), overflow };
}

function nameOf({ name }: { name: string }): string {
  return name;
}

/** Names of our own making and bounds, which cannot be bound as values. */
export function createPartition({ name, fromMs, toMs }: Partition): string {
  const from = fromMs === -Infinity ? 'MINVALUE' : `'${idAt(fromMs)}'`;
  const to = toMs === Infinity ? 'MAXVALUE' : `'${idAt(toMs)}'`;
  return `CREATE TABLE ${name} PARTITION OF sync_logs FOR VALUES FROM (${from}) TO (${to})`;
}
