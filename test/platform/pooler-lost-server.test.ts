import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OutcomeUnknownError } from '../../src/platform/database-errors.ts';
import { condition, openDatabase, type Database } from '../../src/platform/database.ts';
import { deadlineAt } from '../../src/platform/deadline.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { hasPgBouncer, startPgBouncer, type PgBouncer } from '../support/pgbouncer.ts';
import { startPostgresProxy, type PostgresProxy } from '../support/postgres-proxy.ts';

describe.skipIf(!hasPgBouncer())('behind PgBouncer, which tells of a lost server with an error', () => {
  let owner: TestDatabase;
  let proxy: PostgresProxy;
  let bouncer: PgBouncer;
  let db: Database;
  beforeAll(async () => {
    owner = await createTestDatabase();
    await owner.query(sql`CREATE TABLE done (what text)`);
    proxy = await startPostgresProxy(owner.url);
    bouncer = await startPgBouncer(proxy.url);
    db = openDatabase({
      url: bouncer.url,
      maxConnections: 5,
      applicationName: 'test',
      onIdleError: () => undefined,
      preparedStatements: false,
    });
  });
  afterAll(async () => {
    await db.close();
    await bouncer.stop();
    await proxy.close();
    await owner.close();
  });

  test.each([1, 3])(
    'of %i writes whose commit was not acknowledged nobody knows, and none is done again',
    async (many) => {
      await owner.query(sql`TRUNCATE done`);
      const request = db.provided(condition(sql`${'a'} = ${'a'}`)).within(deadlineAt(performance.now() + 9_000));
      const cut = proxy.cutAt({ statement: 'INSERT INTO done', when: 'after' });
      const whats = Array.from({ length: many }, (_, number) => `write ${number}`);
      const outcomes = await Promise.allSettled(
        whats.map((what) => request.query(sql`INSERT INTO done VALUES (${what}) RETURNING what`, { locks: what })),
      );
      await cut;
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(OutcomeUnknownError) as unknown });
      }
      expect(await owner.query(sql`SELECT what FROM done ORDER BY what`)).toEqual(whats.map((what) => ({ what })));
    },
  );
});
