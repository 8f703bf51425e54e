import fc from 'fast-check';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { groupAttributes, userAttributes } from '../../src/directory/attribute-sql.ts';
import { createGroup } from '../../src/directory/create-group.ts';
import { createUser } from '../../src/directory/create-user.ts';
import { filterSql } from '../../src/directory/filter-sql.ts';
import { readUser } from '../../src/directory/read-users.ts';
import { userDocument } from '../../src/http/scim/user-document.ts';
import { newId } from '../../src/platform/ids.ts';
import { matchesFilter } from '../../src/scim/evaluate-filter.ts';
import { parseFilter } from '../../src/scim/filter.ts';
import type { JsonObject } from '../../src/scim/json.ts';
import { parseProjection } from '../../src/scim/projection.ts';
import { groupResourceType, userResourceType } from '../../src/scim/resource-types.ts';
import { systemCause } from '../../src/sync-log/append.ts';
import { arbitraryFilter, arbitraryText } from '../scim/arbitrary-filter.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const baseUrl = 'https://rollcall.example/api/v1/scim/org/v2';
const urls = { users: `${baseUrl}/Users/`, groups: `${baseUrl}/Groups/` };
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

async function organization(): Promise<string> {
  const id = newId();
  await db.query(sql`INSERT INTO organizations (id, name, plan) VALUES (${id}, 'Acme', 'enterprise')`);
  return id;
}

/** Values from the alphabet of the filters, each attribute there or not. */
const arbitraryUser = fc.record(
  {
    displayName: arbitraryText,
    nickName: arbitraryText,
    title: arbitraryText,
    externalId: arbitraryText.filter((text) => text !== ''),
    active: fc.boolean(),
    name: fc.record({ familyName: arbitraryText, givenName: arbitraryText }, { requiredKeys: [] }),
    emails: fc.array(
      fc.record(
        { value: arbitraryText, type: fc.constantFrom('work', 'home'), primary: fc.boolean(), display: arbitraryText },
        { requiredKeys: ['value'] },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    phoneNumbers: fc.array(fc.record({ value: arbitraryText, type: fc.constantFrom('work', 'mobile') }), {
      minLength: 1,
      maxLength: 2,
    }),
    [enterprise]: fc.record(
      { department: arbitraryText, employeeNumber: arbitraryText, manager: fc.record({ value: arbitraryText }) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

test('a filter selects in SQL exactly the users that it matches in memory', async () => {
  const organizationId = await organization();
  const caller = { organizationId, userNameFormat: 'any' as const, cause: systemCause };
  const projection = parseProjection({}, userResourceType);
  const source = userAttributes(userResourceType, urls);
  const seen: { id: string; document: JsonObject }[] = [];
  let serial = 0;
  for (const sample of fc.sample(arbitraryUser, { numRuns: 120, seed: 7 })) {
    serial += 1;
    // Only what can stand in a column is checked by the directory; emails here are any text, so they go in by SQL.
    const { emails, ...rest } = sample as JsonObject;
    const row = await createUser(db, caller, { ...rest, userName: `u${serial} aA%_é\\` });
    await db.query(sql`
      UPDATE users SET attributes = attributes || ${JSON.stringify(emails === undefined ? {} : { emails })}::jsonb,
        email_values = (SELECT coalesce(array_agg(lower(e ->> 'value')), '{}') FROM jsonb_array_elements(${JSON.stringify(emails ?? [])}::jsonb) e)
      WHERE organization_id = ${organizationId} AND id = ${row.id}`);
    if (serial % 4 === 0) await createGroup(db, caller, { displayName: serial % 8 === 0 ? 'aA' : 'b%' }, [row.id]);
    const user = await readUser(db, organizationId, row.id, { withGroups: true });
    seen.push({ id: row.id, document: userDocument(user, { baseUrl, projection }) });
  }

  await fc.assert(
    fc.asyncProperty(arbitraryFilter(userResourceType), async (filter) => {
      const expected = seen.filter(({ document }) => matchesFilter(filter, document)).map(({ id }) => id);
      const rows = await db.query<{ id: string }>(sql`
        SELECT u.id FROM users u WHERE u.organization_id = ${organizationId} AND ${filterSql(filter, source).condition} ORDER BY u.id`);
      expect(rows.map(({ id }) => id)).toEqual(expected.toSorted());
    }),
    { numRuns: 400 },
  );
});

describe('the look-ups that providers make use an index on 50,000 users', () => {
  let organizationId: string;
  beforeAll(async () => {
    organizationId = await organization();
    await db.query(sql`
      INSERT INTO users (organization_id, id, managed_by, user_name, email, external_id, attributes, email_values)
      SELECT ${organizationId}, new_id(), 'directory', 'user' || i || '@many.example', 'user' || i || '@many.example', 'ext-' || i,
        jsonb_build_object('emails', jsonb_build_array(jsonb_build_object('value', 'user' || i || '@many.example', 'type', 'work'))),
        ARRAY['user' || i || '@many.example']
      FROM generate_series(1, 50000) AS i`);
    await db.query(sql`
      INSERT INTO groups (organization_id, id, display_name, external_id)
      SELECT ${organizationId}, new_id(), 'Group ' || i, 'group-' || i FROM generate_series(1, 5000) AS i`);
    await db.query(sql`
      INSERT INTO group_members (organization_id, group_id, user_id)
      SELECT ${organizationId}, (SELECT id FROM groups WHERE organization_id = ${organizationId} AND display_name = 'Group 1'), id
      FROM users WHERE organization_id = ${organizationId}`);
    // Planner statistics, as autovacuum keeps them.
    for (const table of ['users', 'groups', 'group_members']) await db.pool.query(`ANALYZE ${table}`);
  }, 120_000);

  const aUser = '01900000-0000-7000-8000-000000000001';

  test.each([
    ['User', 'userName eq "USER77@many.example"', 1],
    ['User', 'externalId eq "ext-77"', 1],
    ['User', `id eq "${aUser}"`, 0],
    ['User', 'emails eq "user77@many.example"', 1],
    ['User', 'emails.value eq "USER77@many.example"', 1],
    ['User', 'emails[type eq "work"].value eq "user77@many.example"', 1],
    ['User', `id eq "${aUser}" and ${enterprise}:manager eq "x"`, 0],
    ['Group', 'displayName eq "group 77"', 1],
    ['Group', 'externalId eq "group-77"', 1],
    ['Group', `id eq "${aUser}" and members eq "${aUser}"`, 0],
  ] as const)('%s: %s', async (type, text, found) => {
    const isUser = type === 'User';
    const resourceType = isUser ? userResourceType : groupResourceType;
    const source = isUser ? userAttributes(resourceType, urls) : groupAttributes(resourceType, urls);
    const { condition } = filterSql(parseFilter(text, resourceType), source);
    const table = isUser ? sql`users u` : sql`groups g`;
    const own = isUser ? sql`u.organization_id` : sql`g.organization_id`;
    const rows = await db.query(sql`SELECT 1 FROM ${table} WHERE ${own} = ${organizationId} AND ${condition}`);
    expect(rows).toHaveLength(found);
    const plan = await db.transaction(async (tx) => {
      // The service's sessions avoid sequential scans anyway; here the planner is free to prefer one.
      await tx.query(sql`SET LOCAL enable_seqscan = on`);
      return tx.query<{ 'QUERY PLAN': string }>(
        sql`EXPLAIN SELECT 1 FROM ${table} WHERE ${own} = ${organizationId} AND ${condition}`,
      );
    });
    const lines = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect(lines).not.toMatch(/Seq Scan on (users|groups|group_members)/);
    // An index scan over all of an organization's rows would be no better.
    expect(lines).toMatch(/Index Cond:.*(user_name_key|external_id|\bid\b|email_values|display_name_key)/);
  });
});
