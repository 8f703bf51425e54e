import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import knexFactory, { type Knex } from 'knex';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, expect, inject, test } from 'vitest';
import * as partitions from '../../migrations/20261124140000_sync_log_partitions.ts';
import * as checks from '../../migrations/20261130230000_checks_read_faster.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { databaseUrl, runAsAdmin } from '../support/database.ts';
import { killStarted, rollcall, startRollcall } from '../support/processes.ts';
import { startStopwatch } from '../support/stopwatch.ts';

let name: string;
let url: string;
let client: pg.Client;
beforeEach(async () => {
  name = `migrate_${randomBytes(6).toString('hex')}`;
  await runAsAdmin(inject('postgresUrl'), `CREATE DATABASE ${name}`);
  url = databaseUrl(inject('postgresUrl'), name);
  client = new pg.Client({ connectionString: url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await runAsAdmin(inject('postgresUrl'), `DROP DATABASE ${name} WITH (FORCE)`);
});
afterAll(killStarted);

async function ledger(): Promise<string[]> {
  return (await client.query<{ name: string }>('SELECT name FROM knex_migrations ORDER BY id')).rows.map(
    (row) => row.name,
  );
}

/** One way of a migration, by itself. */
async function withKnex(way: (knex: Knex) => Promise<void>): Promise<void> {
  const knex = knexFactory({ client: 'pg', connection: url });
  try {
    await way(knex);
  } finally {
    await knex.destroy();
  }
}

test('four processes at once: each migration runs once, and all end well', async () => {
  const env = { DATABASE_URL: url };
  const runs = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const started = startRollcall(['migrate', '--json'], env);
      const { code } = await started.ended(110_000);
      return { code, output: started.output() };
    }),
  );
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  const ran = runs.flatMap(({ output }) => (JSON.parse(output) as { migrations: string[] }).migrations);
  expect(ran.sort()).toEqual(await ledger());
  expect(new Set(ran).size).toBe(ran.length);
}, 120_000);

test('one that waits for another lets an index be built concurrently', async () => {
  await migrate(url);
  // The other one, at work.
  await client.query('SELECT pg_advisory_lock(7260911)');
  const waiting = migrate(url);
  const watcher = new pg.Client({ connectionString: url });
  await watcher.connect();
  try {
    for (let sessions = 0; sessions === 0;) {
      const { rows } = await watcher.query<{ n: number }>(`
        SELECT count(*)::integer AS n FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'rollcall-migrate-lock' AND state = 'idle'`);
      sessions = rows[0]?.n ?? 0;
    }
    // It waits for every older snapshot: with a waiter inside of a statement this would never end.
    await client.query(`SET statement_timeout = '20s'`);
    await client.query('CREATE INDEX CONCURRENTLY users_by_update ON users (updated_at)');
  } finally {
    await watcher.end();
    await client.query('SELECT pg_advisory_unlock_all()');
  }
  expect(await waiting).toEqual([]);
});

test('one that was killed in the middle leaves nothing that keeps the next from going on', async () => {
  expect(await migrate(url, { onlyNext: true })).toHaveLength(1);
  // What knex notes when it begins, and clears when it ends.
  await client.query('UPDATE knex_migrations_lock SET is_locked = 1');
  expect((await migrate(url)).length).toBeGreaterThanOrEqual(7);
  expect(await migrate(url)).toEqual([]);
});

test('a step that was done before the kill, but not noted, is done again', async () => {
  await migrate(url);
  await client.query(`DELETE FROM knex_migrations WHERE name = '20261124140000_sync_log_partitions'`);
  expect(await migrate(url)).toEqual(['20261124140000_sync_log_partitions']);
});

test('a migration that cannot have its lock holds others up for a moment only, and comes again', async () => {
  await migrate(url, { onlyNext: true });
  await client.query('BEGIN; LOCK TABLE organizations, sync_jobs, sync_logs IN ACCESS SHARE MODE');
  const migrating = migrate(url);
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  let longestMs = 0;
  const stopwatch = startStopwatch();
  try {
    const until = Date.now() + 3_000;
    while (Date.now() < until) {
      await sleep(5);
      const sentAt = stopwatch.ms();
      await other.query('SELECT FROM organizations LIMIT 1');
      longestMs = Math.max(longestMs, stopwatch.ms() - sentAt);
    }
  } finally {
    stopwatch.stop();
    await other.end();
    await client.query('COMMIT');
  }
  expect((await migrating).length).toBeGreaterThanOrEqual(7);
  expect(longestMs).toBeLessThan(1_000);
});

test('rights on the sync log that somebody was given stay with its name', async () => {
  await migrate(url, { onlyNext: true });
  const role = `reader_${randomBytes(4).toString('hex')}`;
  await client.query(`CREATE ROLE ${role}; GRANT SELECT ON sync_logs TO ${role}`);
  try {
    await migrate(url);
    await client.query(`SET ROLE ${role}`);
    await expect(client.query('SELECT FROM sync_logs')).resolves.toBeDefined();
    await expect(client.query('DELETE FROM sync_logs')).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test('a version works on a schema that is newer than itself, and says what is missing on an older one', async () => {
  await migrate(url);
  const env = { DATABASE_URL: url, ROLLCALL_ADMIN_KEY: 'rc_admin_of-this-test', PORT: '0' };
  await client.query(
    `INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('29991231000000_next', 99, now())`,
  );
  expect(await rollcall(['migrate'], env)).toEqual({ code: 0, output: 'The schema is current.\n' });
  const roles = ['api', 'worker', 'serve'].map(async (role) => {
    const started = startRollcall([role], env);
    await started.shows(/is ready/, 60_000);
    started.kill('SIGTERM');
    expect(await started.ended()).toEqual({ code: 0, signal: null });
  });
  await Promise.all(roles);
  await client.query(`DELETE FROM knex_migrations WHERE name = '20261124141000_job_queues'`);
  const refused = await rollcall(['api'], env);
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/lacks 20261124141000_job_queues: run `rollcall migrate` before `rollcall api`/);
}, 120_000);

test('the way back leaves the table as it was, with its entries', async () => {
  await migrate(url);
  await client.query(`
    INSERT INTO organizations (id, name, plan) VALUES (new_id(), 'Acme', 'free');
    INSERT INTO sync_logs (organization_id, action, status, resource_type, actor_type, message)
    SELECT id, 'UPDATE', 'SUCCESS', 'User', 'system', 'Kept.' FROM organizations`);
  await withKnex(partitions.down);
  expect((await client.query('SELECT message FROM sync_logs')).rows).toEqual([{ message: 'Kept.' }]);
  await client.query(`DELETE FROM knex_migrations WHERE name = '20261124140000_sync_log_partitions'`);
  expect(await migrate(url)).toEqual(['20261124140000_sync_log_partitions']);
  expect((await client.query('SELECT message FROM sync_logs')).rows).toEqual([{ message: 'Kept.' }]);
});

test('checks that are written anew refuse what they refused, on every partition, and can be run again', async () => {
  await migrate(url);
  await client.query(`DELETE FROM knex_migrations WHERE name = '20261130230000_checks_read_faster'`);
  expect(await migrate(url)).toEqual(['20261130230000_checks_read_faster']);

  const { rows } = await client.query<{ tables: number; validated: boolean; left: number }>(`
    SELECT count(*) FILTER (WHERE conname = 'sync_logs_status_check')::integer AS tables,
      bool_and(convalidated) AS validated, count(*) FILTER (WHERE conname LIKE '%_next')::integer AS left
    FROM pg_constraint WHERE contype = 'c'`);
  const inheriting = await client.query(`SELECT FROM pg_inherits WHERE inhparent = 'sync_logs'::regclass`);
  expect(rows).toEqual([{ tables: 1 + inheriting.rows.length, validated: true, left: 0 }]);

  const organization = `INSERT INTO organizations (id, name, plan) VALUES (new_id(), 'Acme', 'free') RETURNING id`;
  const { id } = (await client.query<{ id: string }>(organization)).rows[0] ?? { id: '' };
  const user = (managedBy: string, role: string) =>
    `INSERT INTO users (organization_id, id, managed_by, user_name, role)
    VALUES ('${id}', new_id(), '${managedBy}', 'bjensen', ${role})`;
  for (const [check, statement] of [
    ['users_managed_by_check', user('nobody', 'NULL')],
    ['users_role_check', user('directory', `'owner'`)],
    [
      'sync_jobs_status_check',
      `INSERT INTO sync_jobs (id, organization_id, queue, payload, status)
      VALUES (new_id(), '${id}', 'group-membership', '{}', 'done')`,
    ],
    [
      'sync_logs_status_check',
      `INSERT INTO sync_logs (organization_id, action, status, resource_type, actor_type, message)
      VALUES ('${id}', 'UPDATE', 'success', 'User', 'system', '')`,
    ],
    [
      'workspace_members_origin_check',
      `INSERT INTO workspace_members (organization_id, workspace_id, user_id, origin)
      VALUES ('${id}', new_id(), new_id(), 'jit')`,
    ],
  ] as const) {
    await expect(client.query(statement), check).rejects.toMatchObject({ code: '23514', constraint: check });
  }
  await client.query(user('directory', 'NULL'));

  await withKnex(checks.down);
  await expect(client.query(user('nobody', 'NULL'))).rejects.toMatchObject({ constraint: 'users_managed_by_check' });
  await withKnex(checks.up);
});
