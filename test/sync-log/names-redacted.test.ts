import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reconcileUsers } from '../../src/access/reconcile.ts';
import { addMembersTogether } from '../../src/directory/add-members-together.ts';
import type { DirectoryCaller } from '../../src/directory/caller.ts';
import { patchGroup } from '../../src/directory/change-group.ts';
import { createGroup } from '../../src/directory/create-group.ts';
import { createUser } from '../../src/directory/create-user.ts';
import { deleteUser } from '../../src/directory/delete-user.ts';
import { newId } from '../../src/platform/ids.ts';
import { parsePatchRequest } from '../../src/scim/patch-request.ts';
import { groupResourceType } from '../../src/scim/resource-types.ts';
import { cause, createOrganization } from '../access/fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let caller: DirectoryCaller;
beforeAll(async () => {
  db = await createTestDatabase();
  caller = { organizationId: await createOrganization(db), userNameFormat: 'any', cause };
});
afterAll(() => db.close());

test('a token in the place of a name stays out of the log, whoever writes the entry', async () => {
  const { organizationId } = caller;
  const secret = `rc_scim_${newId()}`;
  const one = await createUser(db, caller, { userName: secret });
  const other = await createUser(db, caller, { userName: 'other' });
  const group = await createGroup(db, caller, { displayName: secret }, []);
  const operations = parsePatchRequest(
    {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: one.id }] }],
    },
    groupResourceType,
  );
  await patchGroup(db, caller, group.id, { operations, resourceType: groupResourceType, ifMatch: undefined });
  await addMembersTogether(db, organizationId, group.id, [
    { caller: { ...caller, entryId: newId() }, add: [other.id] },
    { caller: { ...caller, entryId: newId() }, add: [one.id] },
  ]);
  await db.transaction((tx) =>
    reconcileUsers(tx, {
      organizationId,
      userIds: [one.id],
      cause,
      jobId: newId(),
      attempt: 1,
      alongside: sql`SELECT 1`,
    }),
  );
  await deleteUser(db, caller, one.id, { ifMatch: undefined });
  const entries = await db.query<{ action: string; name: string }>(sql`
    SELECT action, resource_name AS name FROM sync_logs
    WHERE organization_id = ${organizationId} AND resource_id = ANY (${[one.id, group.id]}) ORDER BY id`);
  expect(new Set(entries.map(({ name }) => name))).toEqual(new Set(['rc_scim_[redacted]']));
  expect(entries.map(({ action }) => action)).toEqual(
    expect.arrayContaining(['CREATE', 'ADD_MEMBERS', 'SYNC_ACCESS', 'DELETE']),
  );
});
