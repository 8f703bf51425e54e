import sql, { raw } from 'sql-template-tag';
import { idAt } from '../../src/sync-log/moment-id.ts';
import { nextMonday, weekMs } from '../../src/sync-log/partitions.ts';
import type { Database, Queryable } from '../../src/platform/database.ts';

const dayMs = 86_400_000;

export async function databaseNow(db: Queryable): Promise<number> {
  const [row] = await db.query<{ now: number }>(sql`SELECT (extract(epoch FROM now()) * 1000)::float8 AS now`);
  return row?.now ?? 0;
}

/** Partitions as they would be after `weeksAgo` weeks of service, of which the last week ends before `ahead` more. */
export async function layOutWeeks(
  db: Database,
  { weeksAgo, ahead }: { weeksAgo: number; ahead: number },
): Promise<void> {
  const monday = nextMonday(await databaseNow(db));
  await db.transaction(async (tx) => {
    const old = await tx.query<{ name: string }>(sql`
      SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'sync_logs'::regclass`);
    await tx.query(raw(`DROP TABLE ${old.map(({ name }) => name).join(', ')}`));
    const create = (name: string, from: string, to: string) =>
      tx.query(raw(`CREATE TABLE ${name} PARTITION OF sync_logs FOR VALUES FROM (${from}) TO (${to})`));
    const bound = (week: number) => `'${idAt(monday + week * weekMs)}'`;
    await create('sync_logs_past', 'MINVALUE', bound(-weeksAgo));
    for (let week = -weeksAgo; week < ahead; week += 1)
      await create(`week_${week + weeksAgo}`, bound(week), bound(week + 1));
    await create('sync_logs_future', bound(ahead), 'MAXVALUE');
  });
}

/** Entries of one organization, `count` of them spread evenly over the days that end `untilDaysAgo` days ago. */
export async function fillLog(
  db: Queryable,
  organizationId: string,
  { count, days, untilDaysAgo = 0 }: { count: number; days: number; untilDaysAgo?: number },
): Promise<void> {
  const lastMs = (await databaseNow(db)) - untilDaysAgo * dayMs;
  await db.query(sql`
    INSERT INTO sync_logs (id, organization_id, occurred_at, action, status, resource_type, resource_id, resource_name,
      actor_type, actor_name, message, details, request_id)
    SELECT
      -- Of the moment, and of its own: the lower bits are the number of the entry.
      (left(first_id_at(at)::text, 14) || '7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
      ${organizationId}::uuid, at, 'UPDATE', CASE WHEN n % 50 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, 'User',
      'user-' || n % 5000, 'user' || n % 5000 || '@acme.example', 'scim_token', 'rc_scim_…',
      'The user was updated: displayName, title.', '{"attributes": ["displayName", "title"]}', 'request-' || n
    FROM (
      SELECT n, to_timestamp(${lastMs / 1000}::float8 - ${days * 86_400}::float8 * n / ${count}::integer) AS at
      FROM generate_series(1, ${count}::integer) AS n) AS moment`);
}
