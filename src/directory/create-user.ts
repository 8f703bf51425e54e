import sql from 'sql-template-tag';
import { insertJob } from '../jobs/add.ts';
import type { Queryable } from '../platform/database.ts';
import { newId } from '../platform/ids.ts';
import type { JsonObject } from '../scim/json.ts';
import { insertEntry } from '../sync-log/append.ts';
import type { DirectoryCaller } from './caller.ts';
import { conflictNames, mapUserConflict } from './user-conflict.ts';
import { userColumns, userColumnsOf, type UserRow } from './user-record.ts';

/**
 * Creates a user that the directory manages (RFC 7644 section 3.3): the user, its log entry and its job in one
 * statement, one round trip.
 *
 * @param resource a parsed User; `active` defaults to true
 * @throws AlreadyInUseError, InvalidAttributeError
 */
export async function createUser(db: Queryable, caller: DirectoryCaller, resource: JsonObject): Promise<UserRow> {
  const { organizationId, cause } = caller;
  const user = userColumnsOf(resource, caller.userNameFormat);
  const id = newId();
  const entry = insertEntry(
    {
      id: caller.entryId,
      organizationId,
      action: 'CREATE',
      status: 'SUCCESS',
      resource: { type: 'User', id, name: user.userName },
      cause,
      message: user.active ? 'User created.' : 'User created, not active: no access until activated.',
      details: { active: user.active },
    },
    sql`FROM u`,
  );
  const job = insertJob(
    { organizationId, requestId: cause.requestId, queue: 'group-membership', payload: { userIds: [id] } },
    sql`FROM u`,
  );
  const [row] = await mapUserConflict(
    conflictNames(caller.userNameFormat),
    db.query<UserRow>(
      sql`
      WITH u AS (
        INSERT INTO users (organization_id, id, managed_by, user_name, email, external_id, display_name, active,
          attributes, email_values)
        VALUES (${organizationId}, ${id}, 'directory', ${user.userName}, ${user.email}, ${user.externalId},
          ${user.displayName}, ${user.active}, ${JSON.stringify(user.attributes)}, ${user.emailValues})
        RETURNING *
      ), entry AS (${entry}), job AS (${job})
      SELECT ${userColumns} FROM u`,
      { locks: id },
    ),
  );
  if (row === undefined) throw new Error('INSERT ... RETURNING of a user gave no row');
  return row;
}
