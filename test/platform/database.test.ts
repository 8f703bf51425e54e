import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isDatabaseAway, isTemporary } from '../../src/platform/database-errors.ts';
import { openDatabase, type Database } from '../../src/platform/database.ts';
import { deadlineAt } from '../../src/platform/deadline.ts';
import { createOrganization, waitForBlocked } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let other: TestDatabase;
/** The same as `db`, as behind a pooler. */
let unkept: Database;
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);
beforeAll(async () => {
  db = await createTestDatabase();
  other = await createTestDatabase();
  unkept = openDatabase({
    url: db.url,
    maxConnections: 2,
    applicationName: 'unkept',
    onIdleError: () => undefined,
    preparedStatements: false,
  });
  process.on('uncaughtException', note);
});
afterAll(async () => {
  process.off('uncaughtException', note);
  await unkept.close();
  await db.close();
  await other.close();
});

const backend = async (q: Pick<TestDatabase, 'query'>): Promise<number> => {
  const [row] = await q.query<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
  return row?.pid ?? 0;
};
function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  return { given, give: () => give() };
}

const kill = (pid: number) => other.query(sql`SELECT pg_terminate_backend(${pid})`);

test('a connection lost between two statements rejects the transaction and leaves pool and process in order', async () => {
  const lost = db.transaction(async (tx) => {
    await kill(await backend(tx));
    await tx.query(sql`SELECT 1`);
  });
  await expect(lost).rejects.toSatisfy(isDatabaseAway);
  expect(await db.query(sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  expect(uncaught).toEqual([]);
});

test('a connection lost during a statement rejects that statement alone', async () => {
  const lost = db.transaction(async (tx) => {
    const pid = await backend(tx);
    await Promise.all([tx.query(sql`SELECT pg_sleep(20)`), kill(pid)]);
  });
  await expect(lost).rejects.toSatisfy(isDatabaseAway);
  expect(await db.query(sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  expect(uncaught).toEqual([]);
});

test('a refused statement rolls everything back and keeps the connection', async () => {
  const before = await backend(db);
  const refused = db.transaction(async (tx) => {
    await tx.query(sql`INSERT INTO organizations (id, name, plan) VALUES (new_id(), 'Acme', 'free')`);
    await tx.query(sql`INSERT INTO organizations (id, name, plan) VALUES (new_id(), 'Acme', 'golden')`);
  });
  await expect(refused).rejects.toThrow(/check constraint/);
  expect(await db.query(sql`SELECT 1 FROM organizations`)).toEqual([]);
  expect(await backend(db)).toBe(before);
});

test('a transaction that Postgres ends to resolve a deadlock is run again', async () => {
  await db.query(sql`
    INSERT INTO organizations (id, name, plan) VALUES
      ('01900000-0000-7000-8000-00000000000a', 'A', 'free'), ('01900000-0000-7000-8000-00000000000b', 'B', 'free')`);
  const firstLocks = { a: signal(), b: signal() };
  let runs = 0;
  const rename = (own: 'a' | 'b', theirs: 'a' | 'b') =>
    db.transaction(async (tx) => {
      runs += 1;
      await tx.query(
        sql`UPDATE organizations SET name = name || 'x' WHERE id = ${`01900000-0000-7000-8000-00000000000${own}`}`,
      );
      firstLocks[own].give();
      await firstLocks[theirs].given;
      await tx.query(
        sql`UPDATE organizations SET name = name || 'x' WHERE id = ${`01900000-0000-7000-8000-00000000000${theirs}`}`,
      );
    });
  await Promise.all([rename('a', 'b'), rename('b', 'a')]);
  // One of them is the victim; when both look for the deadlock at the same moment, each is.
  expect(runs).toBeGreaterThanOrEqual(3);
  expect(await db.query(sql`SELECT name FROM organizations ORDER BY name`)).toEqual([{ name: 'Axx' }, { name: 'Bxx' }]);
});

test('a lock that is held too long is temporary, but not the database being away', async () => {
  const error: unknown = await db
    .transaction(async (tx) => {
      await tx.query(sql`SET LOCAL lock_timeout = '20ms'`);
      await tx.query(sql`LOCK TABLE domains IN ACCESS EXCLUSIVE MODE`);
      await db.transaction(async (second) => {
        await second.query(sql`SET LOCAL lock_timeout = '20ms'`);
        await second.query(sql`SELECT 1 FROM domains`);
      });
    })
    .catch((reason: unknown) => reason);
  expect([isTemporary(error), isDatabaseAway(error)]).toEqual([true, false]);
});

test.each([
  ['kept by the server', () => db],
  ['for a pooler, not kept', () => unkept],
  ['with a deadline, so one after the other', () => db.within(deadlineAt(performance.now() + 9_000))],
])(
  'of statements in one round trip (%s) each sees what was committed while the one before it waited',
  async (_, of) => {
    const id = await createOrganization(db);
    // From the second time on they are kept.
    for (const name of ['Web', 'Api', 'Docs']) await expectSeen(of(), id, name);
  },
);

async function expectSeen(q: Database, id: string, name: string): Promise<void> {
  let together: Promise<object[][]> = Promise.resolve([]);
  await db.transaction(async (tx) => {
    await tx.query(sql`SELECT FROM organizations WHERE id = ${id} FOR UPDATE`);
    together = q.transaction((later) =>
      later.queryInOrder<[{ id: string }, { name: string }]>([
        sql`SELECT id FROM organizations WHERE id = ${id} FOR UPDATE`,
        sql`SELECT name FROM workspaces WHERE organization_id = ${id} ORDER BY id DESC LIMIT ${1}`,
      ]),
    );
    await waitForBlocked(db, 1);
    await tx.query(sql`INSERT INTO workspaces (organization_id, id, name) VALUES (${id}, new_id(), ${name})`);
  });
  expect(await together).toEqual([[{ id }], [{ name }]]);
}

test('two statements in one round trip may each take as long as one may', async () => {
  const slow = openDatabase({
    url: db.url,
    maxConnections: 1,
    applicationName: 'slow',
    onIdleError: () => undefined,
    statementTimeoutMs: 6_000,
  });
  try {
    // Together longer than one of them and what is waited beyond its limit.
    const sleeps = slow.transaction((tx) =>
      tx.queryInOrder([3.6, 3.6].map((s) => sql`SELECT pg_sleep(${s}), 1 AS one`)),
    );
    expect(await sleeps).toMatchObject([[{ one: 1 }], [{ one: 1 }]]);
  } finally {
    await slow.close();
  }
});

test('of statements in one round trip those behind one that fails are not run, and nothing of all is done', async () => {
  const id = await createOrganization(db);
  const workspace = (name: string) =>
    sql`INSERT INTO workspaces (organization_id, id, name) VALUES (${id}, new_id(), ${name}) RETURNING name`;
  const refused = db.transaction((tx) => tx.queryInOrder([workspace('Web'), workspace('web'), sql`SELECT ${1} / 0`]));
  await expect(refused).rejects.toMatchObject({ code: '23505' });
  const read = db.transaction((tx) =>
    tx.queryInOrder([workspace('Api'), sql`SELECT name FROM workspaces WHERE organization_id = ${id}`]),
  );
  expect(await read).toEqual([[{ name: 'Api' }], [{ name: 'Api' }]]);
});
