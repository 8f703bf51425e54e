import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { migrate } from '../../src/platform/migrate.ts';
import { databaseUrl, runAsAdmin } from '../support/database.ts';
import { fillTables, sizes, startTraffic } from './filled-tables.ts';

/** Of the largest tables; `npm run test:million` sets a million. */
const rows = Number(process.env['TEST_TABLE_ROWS'] ?? 50_000);

/**
 * Nobody may wait longer for a migration. Generous, since the machine is shared and a step that scans a large table under
 * a lock takes longer than this on a million rows: what is to be found is a lock that grows with the table.
 */
const longestWaitMs = 1_500;

const name = `migrations_${randomBytes(6).toString('hex')}`;
let url: string;
beforeAll(async () => {
  await runAsAdmin(inject('postgresUrl'), `CREATE DATABASE ${name}`);
  url = databaseUrl(inject('postgresUrl'), name);
  expect(await migrate(url, { onlyNext: true })).toEqual(['20261124090000_initial']);
  await fillTables(url, rows);
}, 600_000);
afterAll(() => runAsAdmin(inject('postgresUrl'), `DROP DATABASE ${name} WITH (FORCE)`));

/**
 * A session that needs no table, so only a machine that stalls holds it up; this tells for how long, Postgres included.
 */
function startControl() {
  const stopped = new AbortController();
  /** When the statement that runs was sent, or what ran in this stretch began; null: none runs. */
  let sentAt: number | null = null;
  let longestMs = 0;
  const session = (async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      while (!stopped.signal.aborted) {
        sentAt = performance.now();
        await client.query('SELECT 1');
        longestMs = Math.max(longestMs, performance.now() - sentAt);
        sentAt = null;
        await sleep(10);
      }
    } finally {
      await client.end();
    }
  })();
  return {
    /** How long the longest statement since the last call has taken, with the one that is not over. */
    longestMs() {
      const now = performance.now();
      const ms = Math.max(longestMs, sentAt === null ? 0 : now - sentAt);
      longestMs = 0;
      if (sentAt !== null) sentAt = now;
      return ms;
    },
    async stop() {
      stopped.abort();
      await session;
    },
  };
}

test(`every migration lets others read and write on tables of ${rows} rows`, async () => {
  const traffic = startTraffic(url);
  const control = startControl();
  await sleep(1_000);
  const lines = [`without a migration: ${describe(traffic.longest())}`];
  const waits: { migration: string; ms: number }[] = [];
  try {
    for (;;) {
      traffic.longest();
      control.longestMs();
      const startedAt = performance.now();
      const [migration] = await migrate(url, { onlyNext: true });
      if (migration === undefined) break;
      const longest = traffic.longest();
      const stalledMs = control.longestMs();
      waits.push({ migration, ms: longest.ms - stalledMs });
      const tookMs = performance.now() - startedAt;
      lines.push(
        `${migration} (${Math.round(tookMs)} ms): ${describe(longest)}, ${Math.round(stalledMs)} ms without a table`,
      );
    }
  } finally {
    await control.stop();
  }
  const { statements, entries } = await traffic.stop();
  console.log(`longest of ${statements} statements in six sessions\n${lines.join('\n')}`);
  expect(waits.length).toBeGreaterThanOrEqual(7);
  for (const { migration, ms } of waits) expect(ms, migration).toBeLessThan(longestWaitMs);

  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const count = async (where: string) =>
      Number((await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${where}`)).rows[0]?.n);
    // None of those who waited for the old table lost an entry.
    expect(await count('sync_logs')).toBe(sizes(rows).logs + entries);
    expect(await count('sync_logs_past')).toBe(sizes(rows).logs + entries);
  } finally {
    await client.end();
  }
}, 600_000);

function describe({ ms, statement }: { ms: number; statement: string }): string {
  return `${Math.round(ms)} ms (${statement})`;
}
