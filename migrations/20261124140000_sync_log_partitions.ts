import type { Knex } from 'knex';
import { shortStep } from '../src/platform/short-locks.ts';

/** Every step is a short transaction of its own and can be repeated: nobody may wait for the scan of a million rows. */
export const config = { transaction: false };

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** 1970-01-05 was a Monday. */
const firstMondayMs = 4 * dayMs;

/** Of the indexes, on the plain table and on every partition alike: attaching builds those that it does not find. */
const indexes: readonly (readonly [name: string, definition: string])[] = [
  ['newest', '(organization_id, id DESC)'],
  ['resource', '(organization_id, resource_id, id DESC)'],
  ['request', '(organization_id, request_id) WHERE request_id IS NOT NULL'],
  ['job', '(organization_id, job_id) WHERE job_id IS NOT NULL'],
  ['not_ok', "(organization_id, status, id DESC) WHERE status <> 'SUCCESS'"],
  ['occurred', 'USING brin (occurred_at)'],
];

const columns = `
  id uuid NOT NULL DEFAULT new_id(),
  organization_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  action text NOT NULL,
  status text NOT NULL,
  resource_type text NOT NULL,
  resource_id text,
  resource_name text,
  actor_type text NOT NULL,
  actor_id text,
  actor_name text,
  message text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}',
  request_id text,
  job_id uuid,
  attempt integer,
  CONSTRAINT sync_logs_status_check CHECK (status IN ('SUCCESS', 'SKIPPED', 'FAILED'))`;

/**
 * `sync_logs` becomes partitioned by weeks of the id, whose first 48 bits are the time. Without any gap: `_past` takes
 * what is older than the first week and `_future` what is younger than the last, so an insert always finds a place; and
 * with no default partition, next to which Postgres would read all partitions for a page instead of the newest one.
 * `src/sync-log/partitions.ts` adds weeks and drops expired ones from here on.
 *
 * The table as it was becomes `_past`, until a Monday that is at least a day ahead. A check that is validated before,
 * while everybody reads and writes, spares the scan when it is attached. Older versions of the service go on writing
 * `INSERT INTO sync_logs` without an id; who waited for the old table finds the new one by its name.
 */
export async function up(knex: Knex): Promise<void> {
  await shortStep(
    knex,
    [],
    `
      -- The lowest id of a moment, as a bound: prunes partitions, also where the moment depends on now().
      CREATE OR REPLACE FUNCTION first_id_at(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT (lpad(to_hex(greatest(floor(extract(epoch FROM moment) * 1000), 0)::bigint), 12, '0') || repeat('0', 20))::uuid
      $$`,
  );
  if (await isPartitioned(knex)) return;

  const until = await firstBound(knex);
  await shortStep(
    knex,
    ['sync_logs'],
    `
      ALTER TABLE sync_logs DROP CONSTRAINT IF EXISTS sync_logs_until;
      ALTER TABLE sync_logs ADD CONSTRAINT sync_logs_until CHECK (id < '${until}') NOT VALID`,
  );
  // Reads every row, and lets everybody read and write meanwhile.
  await shortStep(knex, ['sync_logs'], 'ALTER TABLE sync_logs VALIDATE CONSTRAINT sync_logs_until');
  await shortStep(knex, ['organizations', 'sync_logs'], swap(until));
}

function swap(until: string): string {
  const untilMs = momentOf(until);
  const weeks = [0, 1, 2, 3].map((week) => untilMs + week * weekMs);
  const last = untilMs + weeks.length * weekMs;
  return `
    -- The foreign key needs the first lock; taken in this order, nobody waits for the second one for its sake.
    LOCK TABLE organizations IN SHARE ROW EXCLUSIVE MODE;
    LOCK TABLE sync_logs IN ACCESS EXCLUSIVE MODE;
    ALTER TABLE sync_logs RENAME TO sync_logs_past;
    ALTER INDEX sync_logs_pkey RENAME TO sync_logs_past_pkey;
    ${indexes.map(([name]) => `ALTER INDEX sync_logs_${name} RENAME TO sync_logs_past_${name};`).join('\n')}
    CREATE TABLE sync_logs (${columns},
      CONSTRAINT sync_logs_pkey PRIMARY KEY (id),
      CONSTRAINT sync_logs_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE
    ) PARTITION BY RANGE (id);
    ${indexes.map(([name, definition]) => `CREATE INDEX sync_logs_${name} ON sync_logs ${definition};`).join('\n')}
    ALTER TABLE sync_logs ATTACH PARTITION sync_logs_past FOR VALUES FROM (MINVALUE) TO ('${until}');
    ALTER TABLE sync_logs_past DROP CONSTRAINT sync_logs_until;
    ${weeks
      .map(
        (from) => `CREATE TABLE ${weekName(from)} PARTITION OF sync_logs
          FOR VALUES FROM ('${idOf(from)}') TO ('${idOf(from + weekMs)}');`,
      )
      .join('\n')}
    CREATE TABLE sync_logs_future PARTITION OF sync_logs FOR VALUES FROM ('${idOf(last)}') TO (MAXVALUE);
    -- Whoever was allowed to read the table by its name still is.
    DO $$
    DECLARE granted record;
    BEGIN
      FOR granted IN
        SELECT a.privilege_type, a.is_grantable, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) AS a LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = 'sync_logs_past'::regclass AND a.grantee <> c.relowner
      LOOP
        EXECUTE format('GRANT %s ON sync_logs TO %s %s', granted.privilege_type, granted.grantee,
          CASE WHEN granted.is_grantable THEN 'WITH GRANT OPTION' END);
      END LOOP;
    END $$`;
}

async function isPartitioned(knex: Knex): Promise<boolean> {
  const { rows } = await knex.raw<{ rows: { partitioned: boolean }[] }>(
    `SELECT relkind = 'p' AS partitioned FROM pg_class WHERE oid = 'sync_logs'::regclass`,
  );
  return rows[0]?.partitioned === true;
}

/** The Monday that comes a day or more after now, and after the newest entry, whose clock may have been ahead. */
async function firstBound(knex: Knex): Promise<string> {
  const { rows } = await knex.raw<{ rows: { nowMs: number; newest: string | null }[] }>(`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs",
      (SELECT id FROM sync_logs ORDER BY id DESC LIMIT 1) AS newest`);
  const { nowMs = 0, newest = null } = rows[0] ?? {};
  const after = Math.max(nowMs + dayMs, newest === null ? 0 : momentOf(newest) + 1);
  return idOf(Math.ceil((after - firstMondayMs) / weekMs) * weekMs + firstMondayMs);
}

function momentOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

function idOf(momentMs: number): string {
  const hex = momentMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function weekName(fromMs: number): string {
  return `sync_logs_w${new Date(fromMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

/** Copies the rows: for a database that is being developed on, not for one in service. */
export async function down(knex: Knex): Promise<void> {
  await knex.transaction((tx) =>
    tx.raw(`
      ALTER TABLE sync_logs RENAME TO sync_logs_partitioned;
      CREATE TABLE sync_logs (${columns});
      INSERT INTO sync_logs SELECT * FROM sync_logs_partitioned;
      DROP TABLE sync_logs_partitioned;
      ALTER TABLE sync_logs ADD CONSTRAINT sync_logs_pkey PRIMARY KEY (id),
        ADD CONSTRAINT sync_logs_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
      ${indexes.map(([name, definition]) => `CREATE INDEX sync_logs_${name} ON sync_logs ${definition};`).join('\n')}
      DROP FUNCTION first_id_at(timestamptz)`),
  );
}
