import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DirectoryCaller } from '../../src/directory/caller.ts';
import { patchUser } from '../../src/directory/change-user.ts';
import { createUser } from '../../src/directory/create-user.ts';
import { activeAlone } from '../../src/directory/set-active.ts';
import { NotFoundError } from '../../src/platform/errors.ts';
import { newId } from '../../src/platform/ids.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { userResourceType } from '../../src/scim/resource-types.ts';
import { cause, createOrganization } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let caller: DirectoryCaller;

beforeAll(async () => {
  db = await createTestDatabase();
  caller = { organizationId: await createOrganization(db), userNameFormat: 'any', cause };
});
afterAll(async () => {
  await db.close();
});

const operationsOf = (...operations: unknown[]) =>
  parsePatchRequest(
    { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations },
    userResourceType,
  );

// What providers send, and what is more than `active`.
test.each<[name: string, operations: unknown[], active: boolean | undefined]>([
  ['Okta', [{ op: 'replace', value: { active: false } }], false],
  ['Entra', [{ op: 'Replace', path: 'active', value: 'False' }], false],
  ['Entra, reactivating', [{ op: 'Add', path: 'active', value: 'True' }], true],
  ['OneLogin', [{ op: 'replace', path: 'active', value: true }], true],
  ['by its URN', [{ op: 'replace', path: `${userResourceType.schema.id}:active`, value: false }], false],
  ['active and a name', [{ op: 'replace', value: { active: false, displayName: 'Gone' } }], undefined],
  [
    'two operations',
    [
      { op: 'replace', path: 'active', value: false },
      { op: 'replace', path: 'active', value: true },
    ],
    undefined,
  ],
  ['a removal', [{ op: 'remove', path: 'active' }], undefined],
  ['another attribute', [{ op: 'replace', path: 'displayName', value: 'Active' }], undefined],
  ['nothing', [], undefined],
])('%s: what a PATCH asks of active alone', (_name, operations, active) => {
  expect(activeAlone(operationsOf(...operations))).toBe(active);
});

describe('a PATCH of active alone does what it does together with a condition on the version, which has the user read first', () => {
  /** The outcome, the entry and the job, without what is different each time. */
  async function outcomeOf(
    before: { active: boolean; managedBy: string },
    active: boolean,
    ifMatch: string | undefined,
    withGroups: boolean,
  ) {
    const { organizationId } = caller;
    const { id } = await createUser(db, caller, { userName: newId(), displayName: 'Same', active: before.active });
    await db.query(sql`UPDATE users SET managed_by = ${before.managedBy} WHERE id = ${id}`);
    await db.query(sql`DELETE FROM sync_jobs WHERE organization_id = ${organizationId}`);
    const operations = operationsOf({ op: 'replace', path: 'active', value: active });
    const user = await patchUser(db, caller, id, { operations, resourceType: userResourceType, ifMatch, withGroups });
    const [stored] = await db.query(sql`SELECT active, version, managed_by FROM users WHERE id = ${id}`);
    const [entry] = await db.query(sql`
      SELECT action, status, resource_type, resource_name = ${user.userName} AS named, actor_type, actor_id, actor_name,
        message, details, request_id
      FROM sync_logs WHERE resource_id = ${id} ORDER BY id DESC LIMIT 1`);
    const [count] = await db.query(sql`SELECT count(*) AS entries FROM sync_logs WHERE resource_id = ${id}`);
    const jobs = await db.query(sql`
      SELECT queue, request_id, payload = jsonb_build_object('userIds', jsonb_build_array(${id}::text)) AS of_the_user
      FROM sync_jobs WHERE organization_id = ${organizationId}`);
    const { id: _id, userName: _name, createdAt, updatedAt, ...answer } = user;
    return { answer, isNewer: updatedAt > createdAt, stored, entry, count, jobs };
  }

  test.each(
    [true, false].flatMap((wasActive) =>
      [true, false].flatMap((active) =>
        ['directory', 'manual', 'jit'].flatMap((managedBy) =>
          [true, false].map((withGroups) => ({ wasActive, active, managedBy, withGroups })),
        ),
      ),
    ),
  )(
    'active $wasActive to $active of a user managed by $managedBy, groups shown: $withGroups',
    async ({ wasActive, active, managedBy, withGroups }) => {
      const before = { active: wasActive, managedBy };
      const short = await outcomeOf(before, active, undefined, withGroups);
      expect(short).toEqual(await outcomeOf(before, active, '*', withGroups));
      expect(short.answer.active).toBe(active);
    },
  );

  test.each([undefined, '*'])(
    'whatever letter case the address has, entry and job name the user as it is stored (If-Match: %s)',
    async (ifMatch) => {
      const { id } = await createUser(db, caller, { userName: newId() });
      await db.query(sql`DELETE FROM sync_jobs WHERE organization_id = ${caller.organizationId}`);
      const operations = operationsOf({ op: 'replace', path: 'active', value: false });
      const options = { operations, resourceType: userResourceType, ifMatch, withGroups: false };
      await patchUser(db, caller, id.toUpperCase(), options);
      expect(await db.query(sql`SELECT action FROM sync_logs WHERE resource_id = ${id} ORDER BY id`)).toEqual([
        { action: 'CREATE' },
        { action: 'DEACTIVATE' },
      ]);
      expect(
        await db.query(sql`SELECT payload FROM sync_jobs WHERE organization_id = ${caller.organizationId}`),
      ).toEqual([{ payload: { userIds: [id] } }]);
    },
  );

  test.each([undefined, '*'])('a token in the place of a name stays out of the log (If-Match: %s)', async (ifMatch) => {
    const { id } = await createUser(db, caller, { userName: `rc_scim_${newId()}` });
    const operations = operationsOf({ op: 'replace', path: 'active', value: false });
    await patchUser(db, caller, id, { operations, resourceType: userResourceType, ifMatch, withGroups: false });
    const names = await db.query(sql`SELECT DISTINCT resource_name AS name FROM sync_logs WHERE resource_id = ${id}`);
    expect(names).toEqual([{ name: 'rc_scim_[redacted]' }]);
  });

  test('of nobody it is refused, and leaves nothing', async () => {
    const operations = operationsOf({ op: 'replace', path: 'active', value: false });
    for (const id of [newId(), 'no id']) {
      const options = { operations, resourceType: userResourceType, ifMatch: undefined, withGroups: false };
      await expect(patchUser(db, caller, id, options)).rejects.toBeInstanceOf(NotFoundError);
      expect(await db.query(sql`SELECT FROM sync_logs WHERE resource_id = ${id}`)).toEqual([]);
    }
  });

  test('of a user of another organization it is refused, and changes nothing', async () => {
    const { id } = await createUser(db, caller, { userName: 'elsewhere' });
    const stranger = { ...caller, organizationId: await createOrganization(db) };
    const operations = operationsOf({ op: 'replace', path: 'active', value: false });
    const options = { operations, resourceType: userResourceType, ifMatch: undefined, withGroups: false };
    await expect(patchUser(db, stranger, id, options)).rejects.toBeInstanceOf(NotFoundError);
    expect(await db.query(sql`SELECT active FROM users WHERE id = ${id}`)).toEqual([{ active: true }]);
  });
});
