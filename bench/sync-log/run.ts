/**
 * `npm run bench:sync-log`, with DATABASE_URL of a server where it may make a database of its own: what partitions of the
 * sync log cost. Prints the median time to plan and to execute the console's pages, the locks that one page takes, and
 * the time of an insert, for the plain table and for weeks and days of 90 and 400 days.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../src/platform/migrate.ts';

const serverUrl = process.env['DATABASE_URL'];
if (serverUrl === undefined)
  throw new Error('DATABASE_URL must name a server, such as postgres://postgres@127.0.0.1/postgres');

const entries = Number(process.env['BENCH_ENTRIES'] ?? 200_000);
const runs = 15;
const insertsPerRun = 50;

const variants: readonly { name: string; days: number; partitionDays: number | null }[] = [
  { name: 'plain_table', days: 400, partitionDays: null },
  { name: 'weeks_90', days: 90, partitionDays: 7 },
  { name: 'weeks_400', days: 400, partitionDays: 7 },
  { name: 'days_90', days: 90, partitionDays: 1 },
  { name: 'days_400', days: 400, partitionDays: 1 },
];

const organization = '00000000-0000-7000-8000-000000000005';

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A table like `sync_logs`, with its indexes and its foreign key, filled evenly over so many days. */
async function create(client: pg.Client, { name, days, partitionDays }: (typeof variants)[number]): Promise<void> {
  await client.query(`
    CREATE TABLE ${name} (LIKE sync_logs INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
      ${partitionDays === null ? '' : 'PARTITION BY RANGE (id)'};
    ALTER TABLE ${name} ADD PRIMARY KEY (id), ADD FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
    CREATE INDEX ON ${name} (organization_id, id DESC);
    CREATE INDEX ON ${name} (organization_id, resource_id, id DESC);
    CREATE INDEX ON ${name} (organization_id, request_id) WHERE request_id IS NOT NULL;
    CREATE INDEX ON ${name} (organization_id, job_id) WHERE job_id IS NOT NULL;
    CREATE INDEX ON ${name} (organization_id, status, id DESC) WHERE status <> 'SUCCESS';
    CREATE INDEX ON ${name} USING brin (occurred_at)`);
  if (partitionDays !== null) {
    await client.query(`
      DO $$
      DECLARE
        at timestamptz := date_trunc('day', now()) - interval '${days} days';
        part integer := 0;
      BEGIN
        EXECUTE format('CREATE TABLE ${name}_past PARTITION OF ${name} FOR VALUES FROM (MINVALUE) TO (%L)', first_id_at(at));
        WHILE at < now() + interval '28 days' LOOP
          EXECUTE format('CREATE TABLE ${name}_%s PARTITION OF ${name} FOR VALUES FROM (%L) TO (%L)', part, first_id_at(at),
            first_id_at(at + interval '${partitionDays} days'));
          at := at + interval '${partitionDays} days';
          part := part + 1;
        END LOOP;
        EXECUTE format('CREATE TABLE ${name}_future PARTITION OF ${name} FOR VALUES FROM (%L) TO (MAXVALUE)', first_id_at(at));
      END $$`);
  }
  await client.query(`
    INSERT INTO ${name} (id, organization_id, occurred_at, action, status, resource_type, resource_id, resource_name,
      actor_type, message, details, request_id, job_id)
    SELECT (left(first_id_at(at)::text, 14) || '7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
      ('00000000-0000-7000-8000-' || lpad(to_hex(1 + n % 100), 12, '0'))::uuid, at, 'UPDATE',
      CASE WHEN n % 50 = 0 THEN 'FAILED' ELSE 'SUCCESS' END, 'User', 'user-' || n % 5000, 'user ' || n, 'scim_token',
      'The user was updated.', '{"attributes": ["displayName"]}', 'request-' || n, CASE WHEN n % 3 = 0 THEN new_id() END
    FROM (
      SELECT n, now() - interval '${days} days' * (1 - n::float8 / ${entries}) AS at
      FROM generate_series(1, ${entries}) AS n) AS moment`);
  await client.query(`VACUUM ANALYZE ${name}`);
}

async function measure(client: pg.Client, name: string): Promise<void> {
  const ago = async (interval: string): Promise<string> =>
    (await client.query<{ id: string }>('SELECT first_id_at(now() - $1::interval) AS id', [interval])).rows[0]?.id ??
    '';
  const pages: readonly [string, string, unknown[]][] = [
    ['newest', '', []],
    ['resource', 'AND resource_id = $2', ['user-4']],
    ['request', 'AND request_id = $2', ['request-104']],
    ['job', 'AND job_id = $2', [organization]],
    ['failed', 'AND status = $2', ['FAILED']],
    ['search', 'AND (resource_name ILIKE $2 OR actor_name ILIKE $2 OR message ILIKE $2)', ['%user 104%']],
    ['from/to', 'AND id >= $2::uuid AND id < $3::uuid', [await ago('30 days'), await ago('28 days')]],
    ['second page', 'AND id < $2::uuid', [await ago('50 days')]],
  ];
  const times: string[] = [];
  for (const [page, condition, values] of pages) {
    const text = `SELECT * FROM ${name} WHERE organization_id = $1 ${condition} ORDER BY id DESC LIMIT 51`;
    const planned: number[] = [];
    const executed: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const { rows } = await client.query<{
        'QUERY PLAN': { 'Planning Time': number; 'Execution Time': number }[];
      }>(`EXPLAIN (ANALYZE, SUMMARY, FORMAT JSON) ${text}`, [organization, ...values]);
      const [plan] = rows[0]?.['QUERY PLAN'] ?? [];
      planned.push(plan?.['Planning Time'] ?? 0);
      executed.push(plan?.['Execution Time'] ?? 0);
    }
    times.push(`${page} ${median(planned).toFixed(1)} + ${median(executed).toFixed(1)}`);
  }
  await client.query('BEGIN');
  await client.query(`SELECT * FROM ${name} WHERE organization_id = $1 ORDER BY id DESC LIMIT 51`, [organization]);
  const { rows: locks } = await client.query<{ n: string }>(
    'SELECT count(*) AS n FROM pg_locks WHERE pid = pg_backend_pid()',
  );
  await client.query('COMMIT');
  console.log(`${name}: plan + execute in ms: ${times.join(', ')}; locks of a page ${locks[0]?.n ?? '?'}`);
}

/** The variants take turns, so that a busy machine is busy for all of them. @returns milliseconds */
async function measureInserts(client: pg.Client): Promise<Map<string, number>> {
  const times = new Map(variants.map(({ name }) => [name, [] as number[]]));
  for (let run = 0; run < runs; run += 1) {
    for (const [name, measured] of times) {
      const startedAt = performance.now();
      for (let n = 0; n < insertsPerRun; n += 1) {
        await client.query(
          `INSERT INTO ${name} (organization_id, action, status, resource_type, resource_id, actor_type, message, request_id)
           VALUES ($1, 'UPDATE', 'SUCCESS', 'User', 'user-1', 'system', 'Updated.', 'request')`,
          [organization],
        );
      }
      measured.push((performance.now() - startedAt) / insertsPerRun);
    }
  }
  return new Map([...times].map(([name, measured]) => [name, median(measured)]));
}

const name = `bench_${randomBytes(6).toString('hex')}`;
const server = new pg.Client({ connectionString: serverUrl });
await server.connect();
await server.query(`CREATE DATABASE ${name}`);
const url = new URL(serverUrl);
url.pathname = `/${name}`;
try {
  await migrate(url.href);
  const client = new pg.Client({ connectionString: url.href, options: '-c enable_seqscan=off -c jit=off' });
  await client.connect();
  await client.query(`
    INSERT INTO organizations (id, name, plan)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Organization', 'free'
    FROM generate_series(1, 100) AS n`);
  for (const variant of variants) await create(client, variant);
  for (const variant of variants) await measure(client, variant.name);
  const inserts = await measureInserts(client);
  const plain = inserts.get('plain_table') ?? 0;
  for (const [variant, ms] of inserts)
    console.log(`${variant}: insert ${ms.toFixed(3)} ms, ${(ms / plain).toFixed(2)} of the plain table's`);
  await client.end();
} finally {
  await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await server.end();
}
