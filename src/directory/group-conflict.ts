import sql from 'sql-template-tag';
import { foreignKeyViolation, uniqueViolation } from '../platform/database-errors.ts';
import type { Queryable } from '../platform/database.ts';
import { isId } from '../platform/ids.ts';
import { ExternalIdInUseError, UnknownMembersError } from './directory-errors.ts';

/** @throws UnknownMembersError for ids that cannot be a user's, before anything is asked of the database */
export function requireUserIds(ids: readonly string[]): void {
  const impossible = ids.filter((id) => !isId(id));
  if (impossible.length > 0) throw new UnknownMembersError(impossible);
}

/**
 * Runs a write of a group and turns violated constraints into what the caller did wrong. The foreign key of
 * `group_members` is the check that every member exists in this organization; which ones do not is asked only then.
 *
 * @param db outside of the failed transaction
 * @param asked read only when the write has failed, so that the write itself may still fill it
 */
export async function mapGroupConflict<T>(
  db: Queryable,
  organizationId: string,
  asked: { externalId: string | null; members: readonly string[] },
  write: Promise<T>,
): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (uniqueViolation(error) === 'groups_external_id') throw new ExternalIdInUseError(asked.externalId ?? '');
    if (foreignKeyViolation(error) === 'group_members_user') {
      const unknown = await db.query<{ id: string }>(sql`
        SELECT named.id FROM unnest(${asked.members}::uuid[]) AS named(id)
        WHERE NOT EXISTS (SELECT FROM users u WHERE u.organization_id = ${organizationId} AND u.id = named.id)`);
      throw new UnknownMembersError(unknown.map(({ id }) => id));
    }
    throw error;
  }
}
