import sql, { raw } from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createOrganization } from '../../src/provisioning/organizations.ts';
import { systemCause } from '../../src/sync-log/append.ts';
import { exportSyncLogs } from '../../src/sync-log/export.ts';
import { idAt, idMarginMs } from '../../src/sync-log/moment-id.ts';
import { arrangePartitions, planArrangement, readPartitions, weekMs } from '../../src/sync-log/partitions.ts';
import { querySyncLogs } from '../../src/sync-log/query.ts';
import { maintainSyncLogs, readPartitionsAhead } from '../../src/sync-log/retention.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startStopwatch } from '../support/stopwatch.ts';
import { databaseNow, fillLog, layOutWeeks } from './weeks.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

let db: TestDatabase;
let organizationId: string;
beforeEach(async () => {
  db = await createTestDatabase();
  const input = { name: 'Acme', plan: 'free', userNameFormat: 'email', cause: systemCause } as const;
  organizationId = (await createOrganization(db, input)).id;
});
afterEach(() => db.close());

async function names(): Promise<string[]> {
  return (await readPartitions(db)).all.map(({ name }) => name);
}

async function count(table = 'sync_logs'): Promise<number> {
  const [row] = await db.query<{ entries: number }>(raw(`SELECT count(*) AS entries FROM ${table}`));
  return row?.entries ?? 0;
}

async function addEntry(atMs: number, message = 'An entry.'): Promise<void> {
  await db.query(sql`
    INSERT INTO sync_logs (id, organization_id, occurred_at, action, status, resource_type, actor_type, message)
    VALUES (first_id_at(to_timestamp(${atMs / 1000}::float8)), ${organizationId}, to_timestamp(${atMs / 1000}::float8),
      'UPDATE', 'SUCCESS', 'User', 'system', ${message})
    ON CONFLICT (id) DO NOTHING`);
}

async function shown(retentionDays: number | null): Promise<string[]> {
  const page = await querySyncLogs(db, organizationId, { limit: 200, retentionDays });
  return page.items.map(({ message }) => message);
}

describe('where an entry goes', () => {
  test('as older versions write it, without an id: into the partition of its moment', async () => {
    const [row] = await db.query<{ partition: string }>(sql`
      INSERT INTO sync_logs (organization_id, action, status, resource_type, actor_type, message)
      VALUES (${organizationId}, 'UPDATE', 'SUCCESS', 'User', 'system', 'An entry.')
      RETURNING tableoid::regclass::text AS partition`);
    expect(row?.partition).toBe('sync_logs_past');
  });

  test('with an id of its own, once: whoever comes second does nothing', async () => {
    const insert = () =>
      db.query(sql`
        INSERT INTO sync_logs (id, organization_id, action, status, resource_type, actor_type, message)
        VALUES (${idAt(1_900_000_000_000)}, ${organizationId}, 'UPDATE', 'SUCCESS', 'User', 'system', 'An entry.')
        ON CONFLICT (id) DO NOTHING RETURNING id`);
    const inserted = await Promise.all([insert(), insert(), insert()]);
    expect(inserted.flat()).toHaveLength(1);
  });

  test.each([
    ['the year 1970', 0],
    ['a year ago', -365],
    ['the next month', 30],
    ['a month after the last week', 75],
    ['a hundred years ahead', 36_500],
  ])('%s: there is always a place', async (_name, days) => {
    await layOutWeeks(db, { weeksAgo: 3, ahead: 5 });
    await addEntry(days === 0 ? 0 : (await databaseNow(db)) + days * dayMs, 'Found.');
    expect(await shown(null)).toContain('Found.');
  });
});

describe('the weeks to come', () => {
  test('after the migrations reach four weeks ahead, so that nothing needs doing', async () => {
    expect(await readPartitionsAhead(db)).toBeGreaterThan((4 * weekMs) / 1000);
    expect(await maintainSyncLogs(db, null)).toEqual({ created: [], dropped: [], deleted: 0, overflow: false });
  });

  test('are added, by several processes at once, without a gap', async () => {
    await layOutWeeks(db, { weeksAgo: 2, ahead: 1 });
    const runs = await Promise.all(Array.from({ length: 6 }, () => maintainSyncLogs(db, null)));
    expect(runs.flatMap(({ created }) => created)).toHaveLength(3);
    const { all } = await readPartitions(db);
    for (const [index, one] of all.slice(1).entries()) expect(one.fromMs).toBe(all[index]?.toMs);
    expect(await readPartitionsAhead(db)).toBeGreaterThan((4 * weekMs) / 1000);
  });

  test('are added although entries have got beyond the last one: these become a partition as they are', async () => {
    await layOutWeeks(db, { weeksAgo: 9, ahead: -2 });
    await fillLog(db, organizationId, { count: 2_000, days: 40 });
    const before = await count();
    expect(await readPartitionsAhead(db)).toBeLessThan(0);
    expect(await count('sync_logs_future')).toBeGreaterThan(100);
    const { overflow, created } = await maintainSyncLogs(db, null);
    expect(overflow).toBe(false);
    expect(created.length).toBeGreaterThanOrEqual(3);
    expect(await count()).toBe(before);
    expect(await count('sync_logs_future')).toBe(0);
    expect(await readPartitionsAhead(db)).toBeGreaterThan((4 * weekMs) / 1000);
    // It is longer than a week: once it is old, entries go one by one; in the end it is dropped like any other.
    expect((await maintainSyncLogs(db, 5)).deleted).toBeGreaterThan(100);
  });

  test('cannot be added behind an entry of a clock far ahead: that is told, and writing goes on', async () => {
    await layOutWeeks(db, { weeksAgo: 2, ahead: 0 });
    await addEntry((await databaseNow(db)) + 900 * dayMs);
    const before = await names();
    expect((await maintainSyncLogs(db, 30)).overflow).toBe(true);
    expect(await names()).toEqual(before);
    await addEntry((await databaseNow(db)) + 8 * dayMs);
    await db.query(sql`DELETE FROM sync_logs_future WHERE id > first_id_at(now() + interval '800 days')`);
    expect((await maintainSyncLogs(db, 30)).overflow).toBe(false);
  });
});

describe('retention', () => {
  test('shows what is younger than so many days, to the second, and nothing older', async () => {
    await layOutWeeks(db, { weeksAgo: 4, ahead: 5 });
    const now = await databaseNow(db);
    await addEntry(now - 10 * dayMs + 30_000, 'Kept.');
    await addEntry(now - 10 * dayMs - 2_000, 'Expired.');
    expect(await shown(null)).toEqual(expect.arrayContaining(['Kept.', 'Expired.']));
    expect(await shown(10)).toContain('Kept.');
    expect(await shown(10)).not.toContain('Expired.');
    let exported = '';
    for await (const chunk of exportSyncLogs(db, organizationId, { retentionDays: 10 }, 'ndjson')) exported += chunk;
    expect(exported).toContain('Kept.');
    expect(exported).not.toContain('Expired.');
  });

  test('drops the weeks in which everything has expired, whoever of several workers does it, and nothing else', async () => {
    await layOutWeeks(db, { weeksAgo: 12, ahead: 5 });
    await fillLog(db, organizationId, { count: 5_000, days: 100 });
    const now = await databaseNow(db);
    const [{ kept } = { kept: 0 }] = await db.query<{ kept: number }>(sql`
      SELECT count(*) AS kept FROM sync_logs WHERE occurred_at >= now() - interval '720 hours'`);
    const runs = await Promise.all(Array.from({ length: 5 }, () => maintainSyncLogs(db, 30)));
    const dropped = runs.flatMap((run) => run.dropped);
    expect(dropped.length).toBeGreaterThanOrEqual(6);
    expect(new Set(dropped).size).toBe(dropped.length);
    const { all, past } = await readPartitions(db);
    // What is left of the expired entries is in the one week that is not over.
    expect(past.toMs).toBeGreaterThan(now - 30 * dayMs - weekMs - hourMs);
    expect(past.toMs).toBeLessThanOrEqual(now - 30 * dayMs);
    for (const [index, one] of all.slice(1).entries()) expect(one.fromMs).toBe(all[index]?.toMs);
    const left = await querySyncLogs(db, organizationId, { limit: 10_000, retentionDays: 30 });
    expect(left.items).toHaveLength(kept);
    expect((await maintainSyncLogs(db, 30)).dropped).toEqual([]);
  });

  test('deletes old entries of the table from before there were weeks one by one, in batches', async () => {
    // All of it lies in `sync_logs_past`: the table as it was.
    await fillLog(db, organizationId, { count: 12_000, days: 500 });
    const runs = await Promise.all([maintainSyncLogs(db, 10), maintainSyncLogs(db, 10)]);
    expect(runs.map((run) => run.dropped)).toEqual([[], []]);
    const left = (await count()) - 1; // the organization's own
    expect(left).toBeGreaterThanOrEqual(238);
    expect(left).toBeLessThanOrEqual(241);
    expect((await maintainSyncLogs(db, 10)).deleted).toBe(0);
  });

  test('without a limit keeps everything', async () => {
    await layOutWeeks(db, { weeksAgo: 12, ahead: 5 });
    await fillLog(db, organizationId, { count: 1_000, days: 100 });
    expect(await maintainSyncLogs(db, null)).toEqual({ created: [], dropped: [], deleted: 0, overflow: false });
    expect(await count()).toBe(1_000);
  });

  test('waits in the background for whoever reads for long; writers are held up for a fraction of a second at most', async () => {
    await layOutWeeks(db, { weeksAgo: 12, ahead: 5 });
    const reader = await db.pool.connect();
    const stopwatch = startStopwatch();
    try {
      // As a dump does, for as long as it takes.
      await reader.query('BEGIN; LOCK TABLE sync_logs IN ACCESS SHARE MODE');
      let longestMs = 0;
      const stop = new AbortController();
      const writing = (async () => {
        while (!stop.signal.aborted) {
          const sentAt = stopwatch.ms();
          await addEntry((await databaseNow(db)) + (performance.now() % 1000) * 1000);
          longestMs = Math.max(longestMs, stopwatch.ms() - sentAt);
        }
      })();
      await expect(arrangePartitions(db, 30, 3)).rejects.toMatchObject({ code: '55P03' });
      stop.abort();
      await writing;
      expect(longestMs).toBeLessThan(1_000);
      expect(await names()).toHaveLength(12 + 5 + 2);
    } finally {
      stopwatch.stop();
      await reader.query('ROLLBACK');
      reader.release();
    }
    expect((await arrangePartitions(db, 30)).dropped.length).toBeGreaterThanOrEqual(6);
  });
});

describe('what a page reads', () => {
  async function plan(filters: Parameters<typeof querySyncLogs>[2]): Promise<string> {
    let text = '';
    const explaining = {
      async query<T>(statement: ReturnType<typeof sql>): Promise<T[]> {
        const rows = await db.query<{ 'QUERY PLAN': string }>(
          sql`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${statement}`,
        );
        text = rows.map((row) => row['QUERY PLAN']).join('\n');
        return [];
      },
    };
    await querySyncLogs(explaining, organizationId, filters);
    return text;
  }

  beforeEach(async () => {
    await layOutWeeks(db, { weeksAgo: 13, ahead: 5 });
    await fillLog(db, organizationId, { count: 5_000, days: 90 });
    await db.query(sql`ANALYZE sync_logs`);
  });

  test('the newest entries: partitions newest first, none beyond what the page needs, nothing sorted', async () => {
    const text = await plan({ limit: 50, retentionDays: 90 });
    expect(text).toMatch(/Append/);
    expect(text).not.toMatch(/Sort|Merge Append|Seq Scan/);
    expect(text.match(/never executed/g)?.length).toBeGreaterThanOrEqual(10);
  });

  test('a span of time: its weeks alone are planned', async () => {
    const now = await databaseNow(db);
    const iso = (daysAgo: number) => new Date(now - daysAgo * dayMs).toISOString();
    const text = await plan({ limit: 50, from: iso(44), to: iso(42), retentionDays: 90 });
    expect(new Set(text.match(/ on \w+/g)).size).toBeLessThanOrEqual(2);
  });

  test('a page further down: nothing of the weeks above it', async () => {
    const cursor = idAt((await databaseNow(db)) - 60 * dayMs).replace('-0000-0000-', '-7000-8000-');
    const text = await plan({ limit: 50, cursor });
    expect(new Set(text.match(/ on \w+/g)).size).toBeLessThanOrEqual(6);
    expect(text).not.toMatch(/Sort|Merge Append/);
  });
});

test('an entry whose request took its time is found by the moment at which it was written', async () => {
  const now = await databaseNow(db);
  await db.query(sql`
    INSERT INTO sync_logs (id, organization_id, occurred_at, action, status, resource_type, actor_type, message)
    VALUES (first_id_at(to_timestamp(${now / 1000 - 10}::float8)), ${organizationId}, to_timestamp(${now / 1000}::float8),
      'UPDATE', 'SUCCESS', 'User', 'system', 'Slow.')`);
  const from = new Date(now - 1_000).toISOString();
  const to = new Date(now + 1_000).toISOString();
  const { items } = await querySyncLogs(db, organizationId, { limit: 10, from, to, q: 'Slow' });
  expect(items).toHaveLength(1);
});

test('planArrangement expires a week only when its last entry has, with room for two readings of the clock', () => {
  const at = (fromMs: number, toMs: number) => ({ name: `${fromMs}`, fromMs, toMs });
  const [past, first, second, future] = [
    at(-Infinity, 0),
    at(0, weekMs),
    at(weekMs, 2 * weekMs),
    at(2 * weekMs, Infinity),
  ];
  const expiredAt = (nowMs: number) =>
    planArrangement({ nowMs, all: [past, first, second, future], past, future }, 1).expired;
  expect(expiredAt(weekMs + dayMs)).toEqual([]);
  expect(expiredAt(weekMs + dayMs + idMarginMs - 1)).toEqual([]);
  expect(expiredAt(weekMs + dayMs + idMarginMs)).toEqual([first]);
});
