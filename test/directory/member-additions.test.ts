import type { Pool } from 'pg';
import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addMembersTogether, type MemberAddition } from '../../src/directory/add-members-together.ts';
import { changeGroup } from '../../src/directory/change-members.ts';
import { memberAdditions } from '../../src/directory/member-additions.ts';
import { ConditionError, foreignKeyViolation } from '../../src/platform/database-errors.ts';
import { condition, type Condition } from '../../src/platform/database.ts';
import { AbandonedError, deadlineAt, OutOfTimeError, type Deadline } from '../../src/platform/deadline.ts';
import { newId } from '../../src/platform/ids.ts';
import { createGroup, createOrganization, createUsers } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { holdLock, openLockSessions, type HeldLock } from '../races/held-lock.ts';

let db: TestDatabase;
let sessions: Pool;
let organization: string;
beforeAll(async () => {
  db = await createTestDatabase();
  sessions = openLockSessions(db.url);
  organization = await createOrganization(db);
});
afterAll(async () => {
  await sessions.end();
  await db.close();
});

function callerOf(requestId: string, name = 'rc_scim_…abcd'): MemberAddition['caller'] {
  return {
    organizationId: organization,
    userNameFormat: 'email',
    entryId: newId(),
    cause: { actor: { type: 'scim_token', id: 'token', name }, requestId },
  };
}

/** What the log, the jobs and the group say of requests, in the order of the requests. */
async function traces(groupId: string, requestIds: readonly string[]) {
  const entries = await db.query<{ requestId: string; details: { added?: string[] } }>(sql`
    SELECT request_id AS "requestId", action, status, resource_type, resource_name, actor_type, actor_id, actor_name,
      message, details
    FROM sync_logs WHERE organization_id = ${organization} AND resource_id = ${groupId}`);
  const jobs = await db.query<{ requestId: string }>(sql`
    SELECT request_id AS "requestId", queue, payload FROM sync_jobs
    WHERE organization_id = ${organization} AND request_id = ANY (${requestIds}::text[])`);
  const of = <T extends { requestId: string }>(rows: readonly T[], id: string) =>
    rows.filter(({ requestId }) => requestId === id).map(({ requestId: _, ...row }) => row);
  for (const { details } of entries) details.added?.sort();
  const [group] = await db.query(
    sql`SELECT version FROM groups WHERE organization_id = ${organization} AND id = ${groupId}`,
  );
  return { group, requests: requestIds.map((id) => ({ entries: of(entries, id), jobs: of(jobs, id) })) };
}

async function members(groupId: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    SELECT user_id AS id FROM group_members WHERE organization_id = ${organization} AND group_id = ${groupId} ORDER BY 1`);
  return rows.map(({ id }) => id);
}

describe('several additions in one statement', () => {
  test('leave what they leave one after the other, whatever they have in common', async () => {
    const users = await createUsers(db, organization, 160);
    const some = (from: number, to: number) => users.slice(from, to);
    const asked = [
      some(5, 6),
      some(0, 3),
      some(2, 5),
      some(0, 4),
      [...some(6, 8), ...some(6, 8)],
      some(20, 160),
      some(7, 9),
    ];
    const [apart, together] = [
      await createGroup(db, organization, 'G', some(5, 6)),
      await createGroup(db, organization, 'G', some(5, 6)),
    ];
    const ids = (kind: string) => asked.map((_, index) => `${kind}-${index}`);

    const results = [];
    for (const [index, add] of asked.entries()) {
      const change = { attributesChanged: [], members: { base: 'keep' as const, add, remove: [] } };
      results.push(await changeGroup(db, callerOf(`apart-${index}`), apart, change));
    }
    const additions = asked.map((add, index) => ({ caller: callerOf(`together-${index}`), add }));
    expect(await addMembersTogether(db, organization, together, additions)).toEqual(results);

    expect(await members(together)).toEqual(await members(apart));
    const [left, expected] = [await traces(together, ids('together')), await traces(apart, ids('apart'))];
    // Which hundred of more an entry names is left to chance.
    const named = (at: number) =>
      [left, expected].map(({ requests }) => requests[at]?.entries[0]?.details.added?.splice(0).length);
    expect(named(5)).toEqual([100, 100]);
    expect(left).toEqual(expected);
  });

  test('do nothing to a group that is not there, nor to one of another organization', async () => {
    const other = await createOrganization(db);
    const [user = ''] = await createUsers(db, other, 1);
    const elsewhere = await createGroup(db, other, 'Elsewhere');
    const before = await db.query(sql`SELECT count(*) FROM sync_logs`);
    for (const id of [newId(), elsewhere]) {
      const additions = [1, 2].map((number) => ({ caller: callerOf(`nobody-${number}`), add: [user] }));
      expect(await addMembersTogether(db, organization, id, additions)).toEqual([]);
    }
    expect(await db.query(sql`SELECT count(*) FROM sync_logs`)).toEqual(before);
    expect(await db.query(sql`SELECT FROM sync_jobs WHERE request_id LIKE 'nobody%'`)).toEqual([]);
  });
});

describe('additions to one group that come at once', () => {
  let groupId: string;
  let users: string[];
  let lock: HeldLock;
  let next: HeldLock | undefined;
  let add: ReturnType<typeof memberAdditions>;
  beforeEach(async () => {
    users = await createUsers(db, organization, 8);
    groupId = await createGroup(db, organization, 'G');
    lock = await holdLock(sessions, groupLock());
    add = memberAdditions();
  });
  // Also of a test that failed: whoever waits for them would wait with the whole file.
  afterEach(() => Promise.all([lock.release(), next?.release()]));

  const groupLock = () =>
    sql`SELECT FROM groups WHERE organization_id = ${organization} AND id = ${groupId} FOR UPDATE`;
  const later = () => deadlineAt(performance.now() + 8_000);
  const ask = (
    name: string,
    ids: string[],
    { deadline = later(), stands = null }: { deadline?: Deadline; stands?: Condition | null } = {},
  ) => {
    const within = db.within(deadline);
    const outcome = add(
      groupId,
      { caller: callerOf(name), db: stands === null ? within : within.provided(stands), deadline, stands },
      ids,
    );
    outcome.catch(() => undefined);
    return outcome;
  };
  /**
   * Sends the first one to the lock. Whoever is asked for from now on waits in the line.
   *
   * @returns what it comes to, in an object, because awaiting this must not wait for that
   */
  const start = async () => {
    const outcome = ask('first', users.slice(0, 1));
    await lock.untilWaiting(1);
    return { outcome };
  };
  /**
   * Lets the first one through, and holds up whoever comes after it, by the users: the lock of the group would be free for
   * anybody between the first one's commit and the test's turn.
   */
  const meetNext = async (first: { outcome: Promise<unknown> }) => {
    next = await holdLock(
      sessions,
      sql`SELECT FROM users WHERE organization_id = ${organization} AND id = ANY (${users.slice(1)}::uuid[]) FOR UPDATE`,
    );
    await lock.release();
    await first.outcome;
    return next;
  };
  const transactions = async () => {
    const [row] = await db.query<{ count: number }>(sql`
      SELECT count(DISTINCT xmin::text) FROM group_members WHERE organization_id = ${organization} AND group_id = ${groupId}`);
    return row?.count;
  };

  test('wait for the first without a connection, and then go in one transaction, in their order', async () => {
    const first = await start();
    const rest = [1, 2, 3].map((turn) => ask(`turn-${turn}`, users.slice(turn - 1, turn + 1)));
    const next = await meetNext(first);
    await next.untilWaiting(1);
    await next.release();
    expect(await Promise.all([first.outcome, ...rest])).toEqual(
      [2, 3, 4, 5].map((version) => ({ version, added: 1, removed: 0 })),
    );
    expect(await transactions()).toBe(2);
    expect(await members(groupId)).toEqual(users.slice(0, 4));
  });

  test('and what another process adds meanwhile come after one another', async () => {
    const first = await start();
    const rest = [1, 2].map((turn) => ask(`turn-${turn}`, users.slice(turn, turn + 1)));
    const next = await meetNext(first);
    await next.untilWaiting(1);
    const elsewhere = memberAdditions();
    const deadline = later();
    const request = { caller: callerOf('elsewhere'), db: db.within(deadline), deadline, stands: null };
    const others = [elsewhere(groupId, request, users.slice(2, 4))];
    await next.untilWaiting(2);
    await next.release();
    const results = await Promise.all([...rest, ...others]);
    expect(results).toEqual([3, 4, 5].map((version) => ({ version, added: 1, removed: 0 })));
    expect(await members(groupId)).toEqual(users.slice(0, 4));
    expect((await traces(groupId, [])).group).toEqual({ version: 5 });
  });

  test('the one that names somebody unknown fails alone', async () => {
    const first = await start();
    const unknown = newId();
    const asked = [ask('known', users.slice(1, 2)), ask('unknown', [unknown]), ask('also-known', users.slice(2, 3))];
    await lock.release();
    await first.outcome;
    const [one, two, three] = await Promise.allSettled(asked);
    expect([one?.status, two?.status, three?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(foreignKeyViolation(two?.status === 'rejected' && two.reason)).toBe('group_members_user');
    expect(await members(groupId)).toEqual(users.slice(0, 3));
    const { requests, group } = await traces(groupId, ['known', 'unknown', 'also-known']);
    expect(requests.map(({ entries, jobs }) => [entries.length, jobs.length])).toEqual([
      [1, 1],
      [0, 0],
      [1, 1],
    ]);
    expect(group).toEqual({ version: 4 });
  });

  test('only those under the same condition go together: one that does not hold ends its own', async () => {
    const [holds, fails] = [condition(sql`${'a'} = 'a'`), condition(sql`${'a'} = 'b'`)];
    const first = await start();
    const asked = [
      ask('1', users.slice(1, 2), { stands: holds }),
      ask('2', users.slice(2, 3), { stands: holds }),
      ask('3', users.slice(3, 4), { stands: fails }),
      ask('4', users.slice(4, 5), { stands: fails }),
      ask('5', users.slice(5, 6), { stands: holds }),
    ];
    await lock.release();
    await first.outcome;
    const errors = (await Promise.allSettled(asked)).map((one) =>
      one.status === 'rejected' ? (one.reason as unknown) : null,
    );
    expect(errors).toEqual([null, null, expect.any(ConditionError), expect.any(ConditionError), null]);
    // What is done about an error is noted on it.
    expect(errors[2]).not.toBe(errors[3]);
    expect(await members(groupId)).toEqual([0, 1, 2, 5].map((index) => users[index]));
  });

  test('whoever runs out of time in the line, or goes away, is told so and not done', async () => {
    const first = await start();
    let isGone = false;
    const short = ask('short', users.slice(1, 2), { deadline: deadlineAt(performance.now() + 50) });
    const gone = ask('gone', users.slice(2, 3), { deadline: deadlineAt(performance.now() + 8_000, () => isGone) });
    const patient = ask('patient', users.slice(3, 4));
    await expect(short).rejects.toBeInstanceOf(OutOfTimeError);
    isGone = true;
    await lock.release();
    await expect(gone).rejects.toBeInstanceOf(AbandonedError);
    expect(await first.outcome).toMatchObject({ version: 2 });
    expect(await patient).toMatchObject({ version: 3 });
    expect(await members(groupId)).toEqual([users[0], users[3]]);
  });

  test('one whose time the server ends takes nobody along who has more', async () => {
    const first = await start();
    const patient = ask('patient', users.slice(2, 3));
    const hasty = ask('hasty', users.slice(1, 2), { deadline: deadlineAt(performance.now() + 700) });
    const next = await meetNext(first);
    await next.untilWaiting(1);
    await expect(hasty).rejects.toThrow();
    await next.untilWaiting(1);
    await next.release();
    expect(await patient).toMatchObject({ version: 3 });
    expect(await members(groupId)).toEqual([users[0], users[2]]);
  });

  test('a group that is not there is missing for all of them', async () => {
    await lock.release();
    const [id, before] = [newId(), groupId];
    groupId = id;
    const outcomes = await Promise.all([1, 2, 3].map((number) => ask(`missing-${number}`, users.slice(0, 1))));
    groupId = before;
    expect(outcomes).toEqual([undefined, undefined, undefined]);
  });
});
