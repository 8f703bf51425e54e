import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import pg from 'pg';
import sql, { type Sql } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Queryable } from '../../src/platform/database.ts';
import { createOrganization } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { killStarted, startRollcall, type RollcallProcess } from '../support/processes.ts';
import { exportSyncLogs } from '../../src/sync-log/export.ts';
import { fillLog, layOutWeeks } from './weeks.ts';

/** `npm run test:million` sets a million. */
const entryCount = Number(process.env['TEST_TABLE_ROWS'] ?? 30_000);

/** The started service needs most of it; a million entries are some 400 MB of text. */
const heapMegabytes = 80;

/** How much more memory the process may use while it exports than before, whatever the size of the log. */
const mostGrowthMegabytes = 80;

const adminKey = 'rc_admin_of-this-test';

let db: TestDatabase;
let organizationId: string;
let api: RollcallProcess;
let url: string;

beforeAll(async () => {
  db = await createTestDatabase();
  organizationId = await createOrganization(db);
  await layOutWeeks(db, { weeksAgo: 13, ahead: 5 });
  // A million rows take longer than a statement of the service may.
  const filling = new pg.Client({ connectionString: db.url });
  await filling.connect();
  try {
    const unlimited: Queryable = {
      query: async <T extends object>(statement: Sql) => (await filling.query<T>(statement)).rows,
    };
    await fillLog(unlimited, organizationId, { count: entryCount, days: 90 });
    await filling.query('ANALYZE sync_logs');
  } finally {
    await filling.end();
  }
  api = startRollcall(['api'], {
    DATABASE_URL: db.url,
    ROLLCALL_ADMIN_KEY: adminKey,
    PORT: '0',
    SYNC_LOG_RETENTION_DAYS: '3650',
    NODE_OPTIONS: `--max-old-space-size=${heapMegabytes}`,
  });
  url = (await api.shows(/"url":"(http:[^"]+)"/))[1] ?? '';
}, 600_000);
afterAll(async () => {
  await killStarted();
  await db.close();
});

async function residentMegabytes(): Promise<number> {
  const status = await readFile(`/proc/${api.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** An export's answer, of which nothing has been read. */
async function open(format: string): Promise<IncomingMessage> {
  const asked = request(`${url}/api/v1/organizations/${organizationId}/sync-logs/export?format=${format}`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  asked.on('error', () => undefined); // the test that goes away
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  expect(answer.statusCode).toBe(200);
  return answer;
}

/** Sessions of the process that run a statement or have a transaction open. */
async function busySessions(): Promise<{ state: string; seconds: number }[]> {
  return db.query(sql`
    SELECT state, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'rollcall-api' AND xact_start IS NOT NULL`);
}

/**
 * Waits until no session is busy for a whole second. What else the process does, once a second, is over at the next look;
 * an export that goes on, or waits in a transaction, is never calm for so long.
 */
async function expectCalm(): Promise<void> {
  let calmLooks = 0;
  const look = async (): Promise<number> => {
    calmLooks = (await busySessions()).length === 0 ? calmLooks + 1 : 0;
    return calmLooks;
  };
  await expect.poll(look, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(10);
}

describe.skipIf(process.platform !== 'linux')(`an export of ${entryCount} entries from a small heap`, () => {
  test.each(['ndjson', 'csv'])(
    'as %s is complete, in bounded memory',
    async (format) => {
      const before = await residentMegabytes();
      const answer = await open(format);
      let lines = 0;
      let bytes = 0;
      let most = 0;
      let longestSeconds = 0;
      let watchedAt = 0;
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        for (const byte of chunk) if (byte === 10) lines += 1;
        if (performance.now() - watchedAt > 100) {
          watchedAt = performance.now();
          most = Math.max(most, await residentMegabytes());
          for (const { seconds } of await busySessions()) longestSeconds = Math.max(longestSeconds, seconds);
        }
      }
      console.log(
        `${format}: ${lines} lines, ${Math.round(bytes / 1e6)} MB; memory ${Math.round(before)} MB before, ` +
          `${Math.round(most)} MB at most; longest transaction ${Math.round(longestSeconds * 1000)} ms`,
      );
      expect(lines).toBe(entryCount + (format === 'csv' ? 1 : 0));
      expect(most - before).toBeLessThan(mostGrowthMegabytes);
      expect(longestSeconds).toBeLessThan(5);
    },
    600_000,
  );

  test('waits for a reader that does not read, without memory and without a transaction, and goes on when it does', async () => {
    const before = await residentMegabytes();
    const answer = await open('ndjson');
    answer.pause();
    // Until nothing moves any more: the sockets' buffers are full.
    await expectCalm();
    expect((await residentMegabytes()) - before).toBeLessThan(mostGrowthMegabytes);
    let lines = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) for (const byte of chunk) if (byte === 10) lines += 1;
    expect(lines).toBe(entryCount);
  }, 600_000);

  test('ends when its reader goes away, and the process serves others', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => open('csv')));
    for (const answer of answers) {
      await once(answer, 'readable');
      answer.destroy();
    }
    await expect.poll(busySessions, { timeout: 10_000 }).toEqual([]);
    const page = await fetch(`${url}/api/v1/organizations/${organizationId}/sync-logs?limit=1`, {
      headers: { authorization: `Bearer ${adminKey}` },
    });
    expect(page.status).toBe(200);
    expect(api.output()).not.toMatch(/"level":(50|60|"error"|"fatal")/);
  });
});

test('the last page of an export costs what the first one does', async () => {
  const times: number[] = [];
  let startedAt = performance.now();
  let lines = 0;
  for await (const chunk of exportSyncLogs(db, organizationId, { retentionDays: 3_650 }, 'ndjson')) {
    times.push(performance.now() - startedAt);
    lines += chunk.split('\n').length - 1;
    startedAt = performance.now();
  }
  expect(lines).toBe(entryCount);
  const median = (some: number[]) => some.toSorted((a, b) => a - b)[Math.floor(some.length / 2)] ?? 0;
  const first = median(times.slice(1, 11));
  const last = median(times.slice(-11, -1));
  console.log(
    `pages: ${times.length}; median of the first ten ${first.toFixed(1)} ms, of the last ten ${last.toFixed(1)} ms`,
  );
  expect(last).toBeLessThan(4 * first + 10);
}, 600_000);
