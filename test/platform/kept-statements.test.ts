import sql, { raw, type Sql } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let server: TestDatabase;
/** With a single connection, so that one statement follows the other on it. */
let db: Database;
let unprepared: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  const options = { url: server.url, maxConnections: 1, applicationName: 'test', onIdleError: () => undefined };
  db = openDatabase(options);
  unprepared = openDatabase({ ...options, preparedStatements: false });
});

afterAll(async () => {
  await db.close();
  await unprepared.close();
  await server.close();
});

async function times(count: number, run: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < count; time += 1) await run();
}

/** What the one connection of `of` keeps. */
async function kept(of: Database): Promise<string[]> {
  const rows = await of.query<{ statement: string }>(sql`SELECT statement FROM pg_prepared_statements`);
  return rows.map(({ statement }) => statement);
}

describe('statements that a connection keeps', () => {
  test('one that comes again is kept, one that came once is not', async () => {
    await times(2, () => db.query(sql`SELECT ${1}::integer AS again`));
    await db.query(sql`SELECT ${1}::integer AS once`);
    expect(await kept(db)).toEqual([expect.stringContaining('again')]);
  });

  test('values are bound anew each time', async () => {
    const ask = (value: number) => db.query(sql`SELECT ${value}::integer AS value`);
    const answers = [];
    for (const value of [1, 2, 3, 4, 5, 6, 7]) answers.push(...(await ask(value)));
    expect(answers).toEqual([1, 2, 3, 4, 5, 6, 7].map((value) => ({ value })));
  });

  test('a statement that failed is as good as before', async () => {
    const divide = (by: number) => db.query<{ of: number }>(sql`SELECT 1 / ${by}::integer AS of`);
    for (const by of [0, 1, 0, 1, 0]) {
      if (by === 0) await expect(divide(by)).rejects.toThrow('division by zero');
      else expect(await divide(by)).toEqual([{ of: 1 }]);
    }
  });

  test('one that has only ever failed is kept once', async () => {
    const divide = () => db.query(sql`SELECT 1 / ${0}::integer AS never`);
    for (let time = 0; time < 20; time += 1) await expect(divide()).rejects.toThrow('division by zero');
    expect((await kept(db)).filter((text) => text.includes('never'))).toHaveLength(1);
  });

  test('none is kept where the configuration says so', async () => {
    await times(4, () => unprepared.query(sql`SELECT ${1}::integer AS again`));
    expect(await kept(unprepared)).toEqual([]);
  });

  test.each([
    ['a statement', (statement: Sql) => db.query(statement)],
    ['a transaction', (statement: Sql) => db.transaction((tx) => tx.query(statement))],
  ])('%s goes on when a migration has changed what it gives', async (name, run) => {
    const table = raw(`changed_by_${name.replace(' ', '_')}`);
    await server.query(sql`CREATE TABLE ${table} (id integer)`);
    const read = () => run(sql`SELECT * FROM ${table} WHERE id = ${1}`);
    await times(3, read);
    await server.query(sql`ALTER TABLE ${table} ADD added text DEFAULT 'yes'`);
    await server.query(sql`INSERT INTO ${table} VALUES (1)`);
    expect(await read()).toEqual([{ id: 1, added: 'yes' }]);
  });

  test('a statement goes on when its server has forgotten it, as behind a pooler', async () => {
    const ask = () => db.query(sql`SELECT ${7}::integer AS forgotten`);
    await times(3, ask);
    await db.query(sql`DEALLOCATE ALL`);
    expect(await ask()).toEqual([{ forgotten: 7 }]);
  });

  test('however many shapes there are, what one connection keeps is bounded', async () => {
    let most = 0;
    for (let shape = 0; shape < 600; shape += 1) {
      const statement = () => db.query(sql`SELECT ${1}::integer AS ${raw(`shape_${shape}`)}`);
      await times(2, statement);
      if (shape % 20 === 0) most = Math.max(most, (await kept(db)).length);
    }
    expect(most).toBeGreaterThan(200);
    expect(most).toBeLessThanOrEqual(250);
    // A new connection has taken the place of the full one, and keeps what comes again.
    await times(2, () => db.query(sql`SELECT ${1}::integer AS again`));
    expect(await kept(db)).toContainEqual(expect.stringContaining('again'));
  });
});

test.each([
  ['a statement', (q: Database, statement: Sql) => q.query(statement)],
  ['a transaction', (q: Database, statement: Sql) => q.transaction((tx) => tx.query(statement))],
])('%s after ten seconds has everything planned anew, once', async (_name, run) => {
  const sent: string[] = [];
  const fresh = openDatabase({
    url: server.url,
    maxConnections: 1,
    applicationName: 'test',
    onIdleError: () => undefined,
  });
  fresh.pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...words: unknown[]) => unknown;
    client.query = ((...words: unknown[]) => {
      const [first] = words as [string | { text: string }];
      sent.push(typeof first === 'string' ? first : first.text);
      return query(...words);
    }) as typeof client.query;
  });
  const clock = vi.spyOn(performance, 'now');
  try {
    await times(7, () => run(fresh, sql`SELECT ${1}::integer AS again`));
    expect(sent.filter((text) => text.includes('DISCARD'))).toHaveLength(0);
    const now = performance.now() + 11_000;
    clock.mockImplementation(() => now);
    await times(3, () => run(fresh, sql`SELECT ${1}::integer AS again`));
    expect(sent.filter((text) => text.includes('DISCARD PLANS'))).toHaveLength(1);
  } finally {
    clock.mockRestore();
    await fresh.close();
  }
});
