import sql from 'sql-template-tag';
import { insertMembershipJobs } from '../jobs/add.ts';
import type { Database } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { insertEntry } from '../sync-log/append.ts';
import type { DirectoryCaller } from './caller.ts';
import { requireVersion } from './require-version.ts';

/**
 * Deletes a group with its memberships and its mapping (RFC 7644 section 3.6), and adds the jobs of those who were in
 * it: after the commit nobody could tell who they were. The group is locked in a statement of its own, so that the list
 * is complete. A group without a mapping gave no access, so nobody needs a job.
 *
 * @throws NotFoundError, DomainError `version-mismatch`
 */
export async function deleteGroup(
  db: Database,
  caller: DirectoryCaller,
  id: string,
  { ifMatch }: { ifMatch: string | undefined },
): Promise<void> {
  if (!isId(id)) throw new NotFoundError('group', id);
  const { organizationId, cause } = caller;
  await db.transaction(async (tx) => {
    const [group] = await tx.query<{ displayName: string; version: number; members: number }>(sql`
      SELECT display_name AS "displayName", version,
        (SELECT count(*) FROM group_members WHERE organization_id = ${organizationId} AND group_id = ${id}) AS members
      FROM groups WHERE organization_id = ${organizationId} AND id = ${id}
      FOR UPDATE`);
    if (group === undefined) throw new NotFoundError('group', id);
    requireVersion(ifMatch, group.version);
    await tx.query(sql`
      WITH jobs AS (${insertMembershipJobs(
        organizationId,
        cause.requestId,
        sql`
          SELECT user_id FROM group_members
          WHERE organization_id = ${organizationId} AND group_id = ${id}
            AND EXISTS (SELECT FROM group_mappings WHERE organization_id = ${organizationId} AND group_id = ${id})`,
      )}), entry AS (${insertEntry({
        id: caller.entryId,
        organizationId,
        action: 'DELETE',
        status: 'SUCCESS',
        resource: { type: 'Group', id, name: group.displayName },
        cause,
        message: 'Group deleted with its mapping; its former members keep what their other groups give them.',
        details: { membersRemoved: group.members },
      })})
      DELETE FROM groups WHERE organization_id = ${organizationId} AND id = ${id}`);
  });
}
