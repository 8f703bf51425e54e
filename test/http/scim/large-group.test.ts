import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../../src/platform/ids.ts';
import { startService, type TestOrganization, type TestService } from '../../support/service.ts';

const memberCount = 100_000;

let service: TestService;
let acme: TestOrganization;
let groupId: string;

beforeAll(async () => {
  service = await startService({ engine: 'postgres' });
  acme = await service.organization();
  groupId = await acme.group('Everybody');
  await service.db.query(sql`
    INSERT INTO users (organization_id, id, managed_by, user_name, email)
    SELECT ${acme.id}, new_id(), 'directory', 'user' || i || '@many.example', 'user' || i || '@many.example'
    FROM generate_series(1, ${memberCount}) AS i`);
  await service.db.query(sql`
    INSERT INTO group_members (organization_id, group_id, user_id)
    SELECT ${acme.id}, ${groupId}, id FROM users WHERE organization_id = ${acme.id}`);
}, 120_000);
afterAll(() => service.close());

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is really in use, texts and buffers outside of the heap included. */
function memoryInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function open(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${acme.baseUrl}${path}`,
      { headers: { authorization: `Bearer ${acme.token}` }, agent: false },
      resolve,
    );
    outgoing.on('error', reject).end();
  });
}

test.each([
  ['a group of 100,000 members', () => `/Groups/${groupId}`],
  ['a list that holds it', () => '/Groups?filter=displayName+eq+"everybody"'],
])(
  '%s is read by a slow client in bounded memory',
  async (_what, path) => {
    const before = memoryInUse();
    const answer = await open(path());
    expect(answer.statusCode).toBe(200);
    // Until it reads, the socket's buffers are all that fills.
    await new Promise((resolve) => setTimeout(resolve, 500));
    let most = memoryInUse();
    let length = 0;
    let members = 0;
    let tail = '';
    let chunks = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      // A marker may lie across two chunks.
      const text = tail + chunk.toString('latin1');
      const found = text.split('"value":"').length - 1;
      members += found;
      tail = text.slice(Math.max(text.lastIndexOf('"value":"') + 9, text.length - 8));
      if ((chunks += 1) % 20 === 0) {
        // Time for the service to run ahead, if it would.
        await new Promise((resolve) => setTimeout(resolve, 5));
        most = Math.max(most, memoryInUse());
      }
    }
    expect(members).toBe(memberCount);
    expect(length).toBeGreaterThan(14_000_000);
    // Measured: 4 to 7 MB, most of it sockets' buffers; 25 MB where the answer is made as a whole before it is sent.
    expect((most - before) / 1_000_000).toBeLessThan(12);
  },
  120_000,
);

test('a client that goes away ends the reading, and nothing else', async () => {
  const answer = await open(`/Groups/${groupId}`);
  answer.destroy();
  expect((await acme.scim('GET', `/Groups/${groupId}?excludedAttributes=members`)).status).toBe(200);
});

test('one PATCH adds 5,000 members, and removes them again, in one statement each', async () => {
  const target = await acme.group('Five thousand');
  const ids = await service.db.query<{ value: string }>(sql`
    SELECT id AS value FROM users WHERE organization_id = ${acme.id} ORDER BY id LIMIT 5000`);
  const patch = (op: string) =>
    acme.scim('PATCH', `/Groups/${target}`, { Operations: [{ op, path: 'members', value: ids }] });
  const state = async () => {
    const [row] = await service.db.query<{ members: number; version: number; entries: number }>(sql`
      SELECT (SELECT count(*) FROM group_members WHERE group_id = ${target}) AS members, version,
        (SELECT count(*) FROM sync_logs WHERE resource_id = ${target} AND action <> 'CREATE') AS entries
      FROM groups WHERE organization_id = ${acme.id} AND id = ${target}`);
    return row;
  };
  expect((await patch('add')).status).toBe(204);
  expect(await state()).toEqual({ members: 5_000, version: 2, entries: 1 });
  // One unknown id among them: nothing changes, and the answer names it.
  const unknown = newId();
  const refused = await acme.scim('PATCH', `/Groups/${target}`, {
    Operations: [{ op: 'add', path: 'members', value: [...ids, { value: unknown }] }],
  });
  expect([refused.status, refused.body['detail']]).toEqual([400, expect.stringContaining(unknown)]);
  expect((await patch('remove')).status).toBe(204);
  expect(await state()).toEqual({ members: 0, version: 3, entries: 3 });
}, 60_000);

test('adding one member to a group of 100,000 reads none of the others', async () => {
  const id = await acme.user('late@many.example');
  const body = { Operations: [{ op: 'add', path: 'members', value: [{ value: id }] }] };
  expect((await acme.scim('PATCH', `/Groups/${groupId}`, body)).status).toBe(204);
  const [entry] = await service.db.query<{ message: string }>(sql`
    SELECT message FROM sync_logs WHERE resource_id = ${groupId} ORDER BY id DESC LIMIT 1`);
  expect(entry?.message).toBe('Added 1 member.');
});
