import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ConditionError } from '../../src/platform/database-errors.ts';
import { condition, openDatabase, type Database } from '../../src/platform/database.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

describe.each([true, false])('a database provided that something holds (statements kept: %s)', (preparedStatements) => {
  let owner: TestDatabase;
  let db: Database;
  let provided: Database;

  beforeAll(async () => {
    owner = await createTestDatabase();
    await owner.query(sql`CREATE TABLE switch (name text PRIMARY KEY, is_on boolean NOT NULL)`);
    await owner.query(sql`CREATE TABLE done (what text PRIMARY KEY)`);
    db = openDatabase({
      url: owner.url,
      maxConnections: 1,
      applicationName: 'test',
      onIdleError: () => undefined,
      preparedStatements,
    });
    provided = db.provided(condition(sql`(SELECT is_on FROM switch WHERE name = ${'main'})`));
  });
  afterAll(async () => {
    await db.close();
    await owner.close();
  });
  beforeEach(async () => {
    await db.query(sql`TRUNCATE done, switch`);
    await db.query(sql`INSERT INTO switch VALUES (${'main'}, true)`);
  });

  const write = (what: string) => provided.query(sql`INSERT INTO done VALUES (${what}) RETURNING what`);
  const off = () => db.query(sql`UPDATE switch SET is_on = false WHERE name = ${'main'}`);
  const done = async () =>
    (await db.query<{ what: string }>(sql`SELECT what FROM done ORDER BY what`)).map((r) => r.what);

  test('statements run, and answer their own rows, while it holds', async () => {
    for (const what of ['a', 'b', 'c', 'd']) expect(await write(what)).toEqual([{ what }]);
    expect(await done()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a statement is not run, and the connection is as good as before, when it does not hold', async () => {
    await write('before');
    await off();
    for (const what of ['a', 'b']) await expect(write(what)).rejects.toBeInstanceOf(ConditionError);
    expect(await done()).toEqual(['before']);
    await db.query(sql`UPDATE switch SET is_on = true WHERE name = ${'main'}`);
    await write('after');
    expect(await done()).toEqual(['after', 'before']);
  });

  test('a transaction changes nothing when it does not hold at its first statement', async () => {
    const both = (a: string, b: string) =>
      provided.transaction(async (tx) => {
        await tx.query(sql`INSERT INTO done VALUES (${a})`);
        return tx.query(sql`INSERT INTO done VALUES (${b}) RETURNING what`);
      });
    for (const [a, b] of [
      ['1', '2'],
      ['3', '4'],
    ] as const)
      expect(await both(a, b)).toEqual([{ what: b }]);
    await off();
    await expect(both('5', '6')).rejects.toBeInstanceOf(ConditionError);
    expect(await done()).toEqual(['1', '2', '3', '4']);
  });

  test('the error of the statement itself is what is thrown, and a transaction is rolled back whole', async () => {
    await write('a');
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(write('a')).rejects.toMatchObject({ code: '23505' });
      await expect(
        provided.transaction(async (tx) => {
          await tx.query(sql`INSERT INTO done VALUES (${`b${turn}`})`);
          await tx.query(sql`INSERT INTO done VALUES (${'a'})`);
        }),
      ).rejects.toMatchObject({ code: '23505' });
    }
    expect(await done()).toEqual(['a']);
  });

  test('a transaction without a statement leaves none open', async () => {
    await provided.transaction(async () => undefined);
    await expect(provided.transaction(() => Promise.reject(new Error('given up')))).rejects.toThrow('given up');
    const transactionId = async () => (await db.query(sql`SELECT pg_current_xact_id()::text AS id`))[0]?.['id'];
    expect(await transactionId()).not.toBe(await transactionId());
  });
});
