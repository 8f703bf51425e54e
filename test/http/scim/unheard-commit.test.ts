/**
 * I2 and I7 when the connection is lost exactly at the commit (F13): an answer that is no success has changed nothing,
 * one that is has, and there is one entry either way.
 */
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { waitForBlocked } from '../../access/fixtures.ts';
import type { PostgresProxy } from '../../support/postgres-proxy.ts';
import { startServiceBehindProxy } from '../../support/service-behind-proxy.ts';
import type { Answer, TestOrganization, TestService } from '../../support/service.ts';

let service: TestService;
let proxy: PostgresProxy;
let acme: TestOrganization;
beforeAll(async () => {
  ({ service, proxy } = await startServiceBehindProxy());
});
afterAll(() => service.close());

const patch = (...operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});

interface Entry {
  action: string;
  status: string;
  requestId: string;
}

const entries = (requestId: string): Promise<Entry[]> =>
  service.db.query<Entry>(sql`
    SELECT action, status, request_id AS "requestId" FROM sync_logs
    WHERE organization_id = ${acme.id} AND request_id = ${requestId} AND actor_type = 'scim_token'`);

/** All that the writes below could change, versions included. */
const directory = async (): Promise<unknown> =>
  service.db.query(sql`
    SELECT (SELECT jsonb_agg(to_jsonb(u) ORDER BY u.id) FROM users u WHERE u.organization_id = ${acme.id}) AS users,
      (SELECT jsonb_agg(to_jsonb(g) ORDER BY g.id) FROM groups g WHERE g.organization_id = ${acme.id}) AS groups,
      (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.group_id, m.user_id) FROM group_members m
        WHERE m.organization_id = ${acme.id}) AS members`);

let user: string;
let group: string;
let requests = 0;
beforeEach(async () => {
  acme = await service.organization();
  user = await acme.user(`ada@${acme.id}.example`);
  group = await acme.group('Team', [user]);
  // The workers are done with it.
  await service.quiet();
});

interface Write {
  name: string;
  /** Of the statement that commits. */
  statement: string;
  success: number;
  send: (headers: Record<string, string>) => Promise<Answer>;
}

const writes: Write[] = [
  {
    name: 'POST of a user',
    statement: 'INSERT INTO users',
    success: 201,
    send: (headers) => acme.scim('POST', '/Users', { userName: `new@${acme.id}.example` }, headers),
  },
  {
    name: 'PUT of a user',
    statement: 'UPDATE users SET managed_by',
    success: 200,
    send: (headers) => acme.scim('PUT', `/Users/${user}`, { userName: `ada@${acme.id}.example`, title: 'X' }, headers),
  },
  {
    name: 'PATCH of a user that deactivates',
    statement: 'UPDATE users SET active',
    success: 200,
    send: (headers) =>
      acme.scim('PATCH', `/Users/${user}`, patch({ op: 'replace', path: 'active', value: false }), headers),
  },
  {
    name: 'PATCH of a user that changes more',
    statement: 'UPDATE users SET managed_by',
    success: 200,
    send: (headers) =>
      acme.scim('PATCH', `/Users/${user}`, patch({ op: 'replace', path: 'title', value: 'Y' }), headers),
  },
  {
    name: 'PATCH of a user that changes nothing',
    statement: 'Nothing to change',
    success: 200,
    send: (headers) =>
      acme.scim('PATCH', `/Users/${user}`, patch({ op: 'replace', path: 'active', value: true }), headers),
  },
  {
    name: 'DELETE of a user',
    statement: 'COMMIT',
    success: 204,
    send: (headers) => acme.scim('DELETE', `/Users/${user}`, undefined, headers),
  },
  {
    name: 'POST of a group',
    statement: 'INSERT INTO groups',
    success: 201,
    send: (headers) => acme.scim('POST', '/Groups', { displayName: 'Other', members: [{ value: user }] }, headers),
  },
  {
    name: 'PUT of a group',
    statement: 'COMMIT',
    success: 200,
    send: (headers) => acme.scim('PUT', `/Groups/${group}`, { displayName: 'Renamed', members: [] }, headers),
  },
  {
    name: 'PATCH of a group',
    statement: 'WITH target AS',
    success: 204,
    send: (headers) =>
      acme.scim('PATCH', `/Groups/${group}`, patch({ op: 'remove', path: `members[value eq "${user}"]` }), headers),
  },
  {
    name: 'DELETE of a group',
    statement: 'COMMIT',
    success: 204,
    send: (headers) => acme.scim('DELETE', `/Groups/${group}`, undefined, headers),
  },
  {
    name: 'one operation of a bulk',
    statement: 'INSERT INTO users',
    success: 201,
    send: async (headers) => {
      const body = {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: [{ method: 'POST', path: '/Users', bulkId: 'a', data: { userName: `bulk@${acme.id}.example` } }],
      };
      const answer = await acme.scim<{ Operations: { status: string }[] }>('POST', '/Bulk', body, headers);
      return { ...answer, status: Number(answer.body.Operations[0]?.status), body: {} };
    },
  },
];

const send = (write: Write): { requestId: string; answer: Promise<Answer> } => {
  const requestId = `unheard-${(requests += 1)}`;
  return { requestId, answer: write.send({ 'x-request-id': requestId }) };
};

describe.each(writes)('$name', (write) => {
  test('whose commit did not reach the server is answered 503, changed nothing, and left one FAILED entry', async () => {
    const before = await directory();
    const cut = proxy.cutAt({ statement: write.statement, when: 'before' });
    const { requestId, answer } = send(write);
    expect((await answer).status).toBe(503);
    await cut;
    expect(await directory()).toEqual(before);
    expect(await entries(requestId)).toEqual([expect.objectContaining({ status: 'FAILED' })]);
  });

  test('whose commit was not acknowledged is answered as the success that it is, with its one entry', async () => {
    const cut = proxy.cutAt({ statement: write.statement, when: 'after' });
    const { requestId, answer } = send(write);
    expect((await answer).status).toBe(write.success);
    await cut;
    const left = await entries(requestId);
    expect(left).toHaveLength(1);
    expect(left[0]?.status).toMatch(/^(SUCCESS|SKIPPED)$/);
  });
});

test('a group that was created, and whose members cannot be read for the answer, is answered with its id', async () => {
  const cut = proxy.cutAt({ statement: 'string_agg(uuid_send(m.user_id)', when: 'before' });
  const body = { displayName: 'Other', members: [{ value: user }] };
  const answer = await acme.scim('POST', '/Groups', body, { 'x-request-id': 'unshown' });
  await cut;
  expect(answer.status).toBe(201);
  expect(answer.body).toMatchObject({ displayName: 'Other', meta: { resourceType: 'Group' } });
  expect(answer.headers.get('location')).toMatch(new RegExp(`/Groups/${String(answer.body['id'])}$`));
  expect(answer.body).not.toHaveProperty('members');
  expect(await entries('unshown')).toEqual([{ action: 'CREATE', status: 'SUCCESS', requestId: 'unshown' }]);
});

describe('a commit that is still in doubt when its FAILED entry is written', () => {
  const lock = 4_711;
  const post = writes[0];
  if (post === undefined) throw new Error('there is a first one');

  beforeAll(async () => {
    // The write's own entry is in, and the transaction waits for whoever holds the lock.
    await service.db.pool.query(`
      CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_advisory_xact_lock(${lock}); RETURN NULL; END $$;
      CREATE TRIGGER hold AFTER INSERT ON sync_logs FOR EACH ROW
      WHEN (NEW.status <> 'FAILED' AND NEW.request_id LIKE 'unheard-%') EXECUTE FUNCTION hold()`);
  });
  afterAll(() => service.db.pool.query('DROP TRIGGER hold ON sync_logs; DROP FUNCTION hold'));

  /** Sends the write, cuts its connection while the server is at it, and resolves when the FAILED entry waits. */
  async function inDoubt(work: (backend: number) => Promise<void>): Promise<{ requestId: string; answer: Answer }> {
    const holder = await service.db.pool.connect();
    try {
      await holder.query('SELECT pg_advisory_lock($1)', [lock]);
      const cut = proxy.cutAt({ statement: 'INSERT INTO users', when: 'during' });
      if (post === undefined) throw new Error('there is a first one');
      const { requestId, answer } = send(post);
      await cut;
      let backend = 0;
      await expect
        .poll(async () => {
          const waiting = await service.db.query<{ pid: number; event: string }>(sql`
            SELECT pid, wait_event AS event FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' ORDER BY wait_event`);
          backend = waiting.find(({ event }) => event === 'advisory')?.pid ?? 0;
          return waiting.map(({ event }) => event);
        })
        .toEqual(['advisory', 'transactionid']);
      await work(backend);
      await holder.query('SELECT pg_advisory_unlock_all()');
      return { requestId, answer: await answer };
    } finally {
      holder.release();
    }
  }

  test('and then happens is answered as done', async () => {
    const { requestId, answer } = await inDoubt(async () => undefined);
    expect(answer.status).toBe(201);
    expect(answer.body['userName']).toBe(`new@${acme.id}.example`);
    expect(await entries(requestId)).toEqual([{ action: 'CREATE', status: 'SUCCESS', requestId }]);
  });

  test('and then does not is answered 503, and has changed nothing', async () => {
    const before = await directory();
    const { requestId, answer } = await inDoubt(async (backend) => {
      await service.db.query(sql`SELECT pg_terminate_backend(${backend})`);
    });
    expect(answer.status).toBe(503);
    expect(await directory()).toEqual(before);
    expect(await entries(requestId)).toEqual([{ action: 'CREATE', status: 'FAILED', requestId }]);
  });

  test('and stays so is answered in time with what is known, and has its one entry once it is decided', async () => {
    const sentAt = performance.now();
    let requestId = '';
    const held = await inDoubt(async () => {
      await expect.poll(() => performance.now() - sentAt, { timeout: 15_000 }).toBeGreaterThan(9_500);
    });
    ({ requestId } = held);
    expect(held.answer.status).toBe(503);
    // The server itself has ended the statement by then, so the late FAILED entry gets in.
    await expect
      .poll(() => entries(requestId), { timeout: 10_000 })
      .toEqual([{ action: 'CREATE', status: 'FAILED', requestId }]);
  });
});

test.each(['before', 'during', 'after'] as const)(
  'sixteen users that are created together, cut off %s the commit: each answer says what is so, and each has one entry',
  async (when) => {
    await acme.user(`warm@${acme.id}.example`);
    await service.quiet();
    const numbers = Array.from({ length: 16 }, (_, number) => number);
    const cut = proxy.cutAt({ statement: 'INSERT INTO users', when });
    const answers = await Promise.all(
      numbers.map((number) => {
        const body = { userName: `many-${number}@${acme.id}.example` };
        return acme.scim('POST', '/Users', body, { 'x-request-id': `many-${when}-${number}` });
      }),
    );
    await cut;
    await service.quiet();
    const there = await service.db.query<{ userName: string }>(sql`
      SELECT user_name AS "userName" FROM users WHERE organization_id = ${acme.id} AND user_name LIKE 'many-%'`);
    const names = new Set(there.map(({ userName }) => userName));
    for (const number of numbers) {
      const isThere = names.has(`many-${number}@${acme.id}.example`);
      expect(answers[number]?.status).toBe(isThere ? 201 : 503);
      const status = isThere ? 'SUCCESS' : 'FAILED';
      const requestId = `many-${when}-${number}`;
      expect(await entries(requestId)).toEqual([{ action: 'CREATE', status, requestId }]);
    }
  },
);

describe('additions to one group that share a commit', () => {
  /** Three of them behind a first one; resolves when all four have been answered. */
  async function addTogether(when: 'before' | 'after'): Promise<{ requestIds: string[]; statuses: number[] }> {
    const users = await Promise.all([1, 2, 3, 4].map((number) => acme.user(`${number}@${acme.id}.example`)));
    await service.quiet();
    const cut = proxy.cutAt({ statement: 'addition AS MATERIALIZED', when });
    const requestIds = users.map(() => `unheard-${(requests += 1)}`);
    const holder = await service.db.pool.connect();
    const answers: Promise<Answer>[] = [];
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM groups WHERE id = $1 FOR UPDATE', [group]);
      for (const [index, value] of users.entries()) {
        const body = patch({ op: 'add', path: 'members', value: [{ value }] });
        const headers = { 'x-request-id': requestIds[index] ?? '' };
        answers.push(acme.scim('PATCH', `/Groups/${group}`, body, headers));
        // Those behind it wait where nobody can see them.
        if (index === 0) await waitForBlocked(service.db);
      }
      // It came after them, so they have been read when it is answered.
      await acme.scim('GET', '/Users?count=0');
      await new Promise((resolve) => setTimeout(resolve, 200));
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    await cut;
    return { requestIds, statuses: (await Promise.all(answers)).map(({ status }) => status) };
  }
  const outcomes = async (requestIds: readonly string[]) =>
    (await Promise.all(requestIds.map(entries))).map((found) => found.map(({ status }) => status));

  test('that did not reach the server: each is answered 503 and has one FAILED entry', async () => {
    const { requestIds, statuses } = await addTogether('before');
    expect(statuses).toEqual([204, 503, 503, 503]);
    expect(await outcomes(requestIds)).toEqual([['SUCCESS'], ['FAILED'], ['FAILED'], ['FAILED']]);
  });

  test('that was not acknowledged: each is answered as the success that it is, with its one entry', async () => {
    const { requestIds, statuses } = await addTogether('after');
    expect(statuses).toEqual([204, 204, 204, 204]);
    expect(await outcomes(requestIds)).toEqual([['SUCCESS'], ['SUCCESS'], ['SUCCESS'], ['SUCCESS']]);
  });
});

test('an admin whose commit was not acknowledged is told that the outcome is not known', async () => {
  const cut = proxy.cutAt({ statement: 'COMMIT', when: 'after' });
  const answer = await service.admin('PATCH', `/organizations/${acme.id}`, { name: 'Renamed' });
  await cut;
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.body).toMatchObject({ code: 'outcome-unknown' });
  const [renamed] = await service.db.query<{ count: number }>(sql`
    SELECT count(*) AS count FROM sync_logs WHERE organization_id = ${acme.id} AND action = 'UPDATE_ORGANIZATION'`);
  expect(renamed?.count).toBe(1);
});
