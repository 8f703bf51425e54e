import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGroupWithMembers, type Member } from '../../src/directory/read-groups.ts';
import { createGroup, createOrganization, createUsers, removeMembers } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let organization: string;
beforeAll(async () => {
  db = await createTestDatabase();
  organization = await createOrganization(db);
});
afterAll(() => db.close());

async function collect(pages: AsyncIterable<Member[]>): Promise<Member[]> {
  const members: Member[] = [];
  for await (const page of pages) members.push(...page);
  return members;
}

// One, one page exactly, one more, several pages.
test.each([0, 1, 2_000, 2_001, 4_500])('a group of %i members is read in order, with names', async (count) => {
  const users = await createUsers(db, organization, count);
  const id = await createGroup(db, organization, 'G', users);
  const { group, members } = await readGroupWithMembers(db, db, organization, id);
  expect(group).toMatchObject({ id, displayName: 'G', version: 1 });
  expect(Object.keys(group)).not.toContain('rest');
  expect(await collect(members)).toEqual(users.map((value) => ({ value, display: `${value}@example.com` })));
});

test('members that are read after another one has changed the group are those of the version that was read', async () => {
  const users = await createUsers(db, organization, 4_500);
  const id = await createGroup(db, organization, 'G', users.slice(0, 4_400));
  const { members } = await readGroupWithMembers(db, db, organization, id);
  await removeMembers(db, organization, id, users.slice(100, 4_400));
  await db.query(sql`
    INSERT INTO group_members (organization_id, group_id, user_id)
    SELECT ${organization}, ${id}, user_id FROM unnest(${users.slice(4_400)}::uuid[]) AS user_id`);
  const deleted = users[4_300] ?? '';
  await db.query(sql`DELETE FROM users WHERE organization_id = ${organization} AND id = ${deleted}`);

  const read = await collect(members);
  expect(read.map(({ value }) => value)).toEqual(users.slice(0, 4_400));
  expect(read.filter(({ display }) => display === null)).toEqual([{ value: deleted, display: null }]);
});
