import { setImmediate as immediate } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConditionError, OutcomeUnknownError } from '../../src/platform/database-errors.ts';
import { condition, openDatabase, type Condition, type Database } from '../../src/platform/database.ts';
import { AbandonedError, deadlineAt, OutOfTimeError } from '../../src/platform/deadline.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

// Statements that may share go together when they come together. What comes in one turn of the event loop does, so
// nothing here depends on time.

describe.each([true, false])('statements that may share (kept by the server: %s)', (preparedStatements) => {
  let owner: TestDatabase;
  let db: Database;
  /** As a request has it: under a condition, with a deadline. */
  let request: Database;
  let holds: Condition;
  const soon = () => deadlineAt(performance.now() + 9_000);

  beforeAll(async () => {
    owner = await createTestDatabase();
    await owner.query(sql`CREATE TABLE switch (name text PRIMARY KEY, is_on boolean NOT NULL)`);
    await owner.query(sql`CREATE TABLE parent (id text PRIMARY KEY)`);
    await owner.query(sql`
      CREATE TABLE done (
        what text PRIMARY KEY, count integer NOT NULL DEFAULT 1, place integer GENERATED ALWAYS AS IDENTITY,
        parent text REFERENCES parent DEFERRABLE INITIALLY DEFERRED)`);
    db = openDatabase({
      url: owner.url,
      maxConnections: 10,
      applicationName: 'sharing',
      onIdleError: () => undefined,
      preparedStatements,
    });
  });
  afterAll(async () => {
    await db.close();
    await owner.close();
  });
  beforeEach(async () => {
    await owner.query(sql`TRUNCATE done, switch, parent`);
    await owner.query(sql`INSERT INTO switch VALUES (${'main'}, true)`);
    holds = condition(sql`(SELECT is_on FROM switch WHERE name = ${'main'})`);
    request = db.provided(holds).within(soon());
  });

  const read = (n: number, q = request) =>
    q.query<{ n: number; at: string }>(sql`SELECT ${n}::integer AS n, now()::text AS at`, 'read');
  const insert = (what: string, q = request) =>
    q.query<{ what: string; trip: string }>(
      sql`INSERT INTO done (what) VALUES (${what}) RETURNING what, pg_current_xact_id()::text AS trip`,
      { locks: what },
    );
  const count = (what: string, q = request) =>
    q.query<{ count: number }>(sql`UPDATE done SET count = count + 1 WHERE what = ${what} RETURNING count`, {
      locks: what,
    });
  const done = async () =>
    (await owner.query<{ what: string }>(sql`SELECT what FROM done ORDER BY place`)).map(({ what }) => what);
  const reasonsOf = (outcomes: PromiseSettledResult<unknown>[]) =>
    outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error) : undefined));
  const numbers = (most: number) => Array.from({ length: most }, (_, index) => index);

  test('reads that come together are one transaction, and each has its own rows', async () => {
    for (let time = 0; time < 3; time += 1) {
      const answers = (await Promise.all(numbers(16).map((n) => read(n)))).flat();
      expect(answers.map(({ n }) => n)).toEqual(numbers(16));
      expect(new Set(answers.map(({ at }) => at)).size).toBe(1);
    }
  });

  test('a hundred at once are done, in several trips', async () => {
    const answers = (await Promise.all(numbers(100).map((n) => read(n)))).flat();
    expect(answers.map(({ n }) => n)).toEqual(numbers(100));
    expect(new Set(answers.map(({ at }) => at)).size).toBeGreaterThan(1);
  });

  test('writes that come together are one transaction, in the order of what they lock', async () => {
    const answers = (await Promise.all(['c', 'a', 'd', 'b'].map((what) => insert(what)))).flat();
    expect(answers.map(({ what }) => what)).toEqual(['c', 'a', 'd', 'b']);
    expect(new Set(answers.map(({ trip }) => trip)).size).toBe(1);
    expect(await done()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('reads and writes, and those under another condition, do not go together', async () => {
    const other = db.provided(condition(sql`${'other'} = ${'other'}`)).within(soon());
    const trips = (await Promise.all([insert('a'), insert('b', other)])).flat();
    expect(trips[0]?.trip).not.toBe(trips[1]?.trip);
    const read1 = request.query<{ at: string }>(sql`SELECT ${1}::integer, now()::text AS at`, 'read');
    const write = request.query<{ at: string }>(
      sql`INSERT INTO done (what) VALUES (${'c'}) RETURNING now()::text AS at`,
      {
        locks: 'c',
      },
    );
    expect((await read1)[0]?.at).not.toBe((await write)[0]?.at);
  });

  test('without a condition or a deadline each goes by itself', async () => {
    for (const q of [db, db.provided(holds), db.within(soon())]) {
      const answers = (await Promise.all(numbers(5).map((n) => read(n, q)))).flat();
      expect(answers.map(({ n }) => n)).toEqual(numbers(5));
      expect(new Set(answers.map(({ at }) => at)).size).toBe(5);
    }
  });

  test('one that fails is refused for its own reason, and the others are done once', async () => {
    await insert('b');
    for (let time = 0; time < 3; time += 1) {
      await owner.query(sql`DELETE FROM done WHERE what <> 'b'`);
      const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((what) => insert(what)));
      expect(reasonsOf(outcomes)).toMatchObject([undefined, { code: '23505' }, undefined]);
      expect((await done()).toSorted()).toEqual(['a', 'b', 'c']);
    }
  });

  test('when the condition does not hold nothing is done, and each has an error of its own', async () => {
    await insert('before');
    await owner.query(sql`UPDATE switch SET is_on = false`);
    const reasons = reasonsOf(await Promise.allSettled(['a', 'b', 'c'].map((what) => insert(what))));
    expect(new Set(reasons).size).toBe(3);
    for (const reason of reasons) expect(reason).toBeInstanceOf(ConditionError);
    expect(await done()).toEqual(['before']);
    await owner.query(sql`UPDATE switch SET is_on = true`);
    await insert('after');
    expect(await done()).toEqual(['before', 'after']);
  });

  test('what the commit refuses has not succeeded', async () => {
    const orphan = (what: string) =>
      request.query(sql`INSERT INTO done (what, parent) VALUES (${what}, ${'nobody'}) RETURNING what`, { locks: what });
    await expect(orphan('a')).rejects.toMatchObject({ code: '23503' });
    const outcomes = await Promise.allSettled([orphan('a'), insert('b')]);
    expect(reasonsOf(outcomes)).toMatchObject([{ code: '23503' }, undefined]);
    expect(await done()).toEqual(['b']);
  });

  test('one whose client has gone is not done, the others are', async () => {
    const gone = db.provided(holds).within(deadlineAt(performance.now() + 9_000, () => true));
    const outcomes = await Promise.allSettled([insert('a'), insert('b', gone), insert('c')]);
    expect(reasonsOf(outcomes)).toEqual([undefined, expect.any(AbandonedError), undefined]);
    expect(await done()).toEqual(['a', 'c']);
  });

  test('one that has little time left by then goes alone, and the others together', async () => {
    let remaining = 9_000;
    const late = db.provided(holds).within({ remainingMs: () => remaining, isAbandoned: () => false });
    const all = [insert('a'), insert('b', late), insert('c')];
    remaining = 1_000;
    const [a, b, c] = (await Promise.all(all)).flat().map(({ trip }) => trip);
    expect(a).toBe(c);
    expect(b).not.toBe(a);
  });

  test('one whose time is over is told so, and the others go together', async () => {
    let remaining = 9_000;
    const late = db.provided(holds).within({ remainingMs: () => remaining, isAbandoned: () => false });
    const all = [read(1), read(2, late), read(3)];
    remaining = -1;
    const [one, over, other] = await Promise.allSettled(all);
    expect(over).toMatchObject({ status: 'rejected', reason: expect.any(OutOfTimeError) as unknown });
    const ats = [one, other].map((outcome) => (outcome?.status === 'fulfilled' ? outcome.value[0]?.at : undefined));
    expect(ats[0]).toEqual(expect.any(String));
    expect(ats[0]).toBe(ats[1]);
  });

  test('after one has failed, writes part for a second', async () => {
    const inserted = async (...whats: string[]) =>
      new Set((await Promise.all(whats.map((what) => insert(what)))).flat().map(({ trip }) => trip)).size;
    let now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
    try {
      expect(await inserted('a', 'b')).toBe(1);
      await Promise.allSettled([insert('a'), insert('c')]);
      expect(await inserted('d', 'e', 'f')).toBe(3);
      now += 1_100;
      expect(await inserted('g', 'h')).toBe(1);
    } finally {
      clock.mockRestore();
    }
  });

  test('a row that somebody holds keeps only those waiting who want it', async () => {
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((what) => insert(what)));
    await owner
      .transaction(async (tx) => {
        await tx.query(sql`SELECT FROM done WHERE what IN ('a', 'c', 'e') FOR UPDATE`);
        const held = count('a');
        const others = [count('b'), count('d')];
        expect((await Promise.all(others)).flat()).toEqual([{ count: 2 }, { count: 2 }]);
        // Two more that wait are all that may be on their way at once, and still others come through.
        const moreHeld = [count('c'), new Promise((resolve) => setImmediate(() => resolve(count('e'))))];
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        expect(await count('b')).toEqual([{ count: 3 }]);
        await tx.query(sql`UPDATE done SET count = 10 WHERE what IN ('a', 'c', 'e')`);
        return { all: Promise.all([held, ...moreHeld]) };
      })
      .then(({ all }) => all);
    expect(await owner.query(sql`SELECT what, count FROM done ORDER BY what`)).toEqual([
      { what: 'a', count: 11 },
      { what: 'b', count: 3 },
      { what: 'c', count: 11 },
      { what: 'd', count: 2 },
      { what: 'e', count: 11 },
    ]);
  });

  test('a write waits beside a trip of four until there are two, and a read does not', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((what) => insert(what)));
    const turns = async (count: number) => {
      for (let turn = 0; turn < count; turn += 1) await immediate();
    };
    // On this side the trip does not become one that takes too long.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      // It takes most of the second that the server lets it.
      const slowly = (what: string) =>
        request.query(sql`UPDATE done SET count = count + 1 FROM pg_sleep(0.8) WHERE what = ${what}`, { locks: what });
      const onItsWay = [slowly('a'), ...['b', 'c', 'd'].map((what) => count(what))];
      await turns(5);
      const first = insert('e');
      await turns(5);
      const both = (await Promise.all([first, insert('f')])).flat().map(({ trip }) => trip);
      expect(both[0]).toBe(both[1]);
      const reads = numbers(2).map(async (n) => {
        await turns(5 * n);
        return read(n);
      });
      expect(new Set((await Promise.all(reads)).flat().map(({ at }) => at)).size).toBe(2);
      await Promise.all(onItsWay);
    } finally {
      vi.useRealTimers();
    }
  });

  test('those that go together wait for a lock for a fifth of a second, one that goes alone for five', async () => {
    const patience = async (what: string) => {
      const rows = await request.query<{ patience: string }>(
        sql`INSERT INTO done (what) VALUES (${what}) RETURNING current_setting('lock_timeout') AS patience`,
        { locks: what },
      );
      return rows[0]?.patience;
    };
    expect(await Promise.all([patience('a'), patience('b')])).toEqual(['200ms', '200ms']);
    // The same connection, which keeps nothing of it.
    expect(await patience('c')).toBe('5s');
  });

  test('where the connection is lost, reads are done on another one, and of writes each learns that nobody knows', async () => {
    const end = () =>
      owner.query(sql`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'sharing' AND wait_event = 'advisory' AND datname = current_database()`);
    const blocked = (what: string, sharing: 'read' | { locks: string }) =>
      request.query<{ what: string }>(
        sharing === 'read'
          ? sql`SELECT ${what} AS what, pg_advisory_xact_lock_shared(7)::text`
          : sql`INSERT INTO done (what) SELECT ${what} FROM pg_advisory_xact_lock_shared(7) RETURNING what`,
        sharing,
      );
    const waiting = async () => {
      for (;;) {
        const [row] = await owner.query<{ count: number }>(sql`
          SELECT count(*) AS count FROM pg_stat_activity WHERE application_name = 'sharing' AND wait_event = 'advisory'
            AND datname = current_database()`);
        if ((row?.count ?? 0) > 0) return;
      }
    };
    await owner
      .transaction(async (tx) => {
        await tx.query(sql`SELECT pg_advisory_xact_lock(7)`);
        const writes = Promise.allSettled(['a', 'b'].map((what) => blocked(what, { locks: what })));
        await waiting();
        // Those that have waited too long to go together come again, each alone.
        const settled = writes.then(() => true);
        do {
          await end();
        } while (!(await Promise.race([settled, immediate(false)])));
        const reasons = reasonsOf(await writes);
        expect(new Set(reasons).size).toBe(2);
        for (const reason of reasons) expect(reason).toBeInstanceOf(OutcomeUnknownError);
        const reads = Promise.all(['a', 'b'].map((what) => blocked(what, 'read')));
        await waiting();
        await end();
        return { reads };
      })
      .then(async ({ reads }) => {
        expect((await reads).flat().map(({ what }) => what)).toEqual(['a', 'b']);
      });
    expect(await done()).toEqual([]);
  });
});
