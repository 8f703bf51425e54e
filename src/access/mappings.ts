import sql from 'sql-template-tag';
import { addJob } from '../jobs/add.ts';
import { foreignKeyViolation } from '../platform/database-errors.ts';
import type { Database, Transaction } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { newId } from '../platform/ids.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { recordRefusal } from '../sync-log/record-refusal.ts';
import {
  hasAdminBeforeAndAfter,
  readCurrentMapping,
  unknownWorkspaces,
  type CurrentMapping,
  type MappingInput,
} from './mapping-input.ts';

/**
 * Saves what membership in a group gives, and adds the job that walks its members. Saving the same again changes
 * nothing, leaves a SKIPPED entry, and still walks: the way to have a mapping applied once more.
 *
 * Saves of one organization queue up behind each other, so that two of them cannot each rely on the admin whom the
 * other one takes away.
 *
 * @returns the id of the `workspace-mapping` job
 * @throws NotFoundError for an unknown group, DomainError `unknown-workspace`, and DomainError `last-admin` when no
 *   active admin would be left and `confirm` is not set
 */
export function saveMapping(
  db: Database,
  input: MappingInput & { confirm: boolean; cause: Cause },
): Promise<{ jobId: string }> {
  const { organizationId, groupId, cause } = input;
  const refused = {
    organizationId,
    action: 'UPDATE_MAPPING',
    resource: { type: 'GroupMapping', id: groupId, name: null },
    cause,
  } as const;
  return recordRefusal(db, refused, async () => {
    try {
      return await db.transaction((tx) => save(tx, input));
    } catch (error) {
      // The group or a workspace was deleted while this was being saved.
      const constraint = foreignKeyViolation(error);
      if (constraint === 'group_mappings_group') throw new NotFoundError('group', groupId);
      if (constraint === 'group_mapping_workspaces_workspace') throw unknownWorkspaces(input.workspaceIds);
      throw error;
    }
  });
}

async function save(
  tx: Transaction,
  input: MappingInput & { confirm: boolean; cause: Cause },
): Promise<{ jobId: string }> {
  const { organizationId, groupId, role, cause } = input;
  const workspaceIds = [...new Set(input.workspaceIds)].sort();
  // An advisory lock, not the organization's row: workers hold that row in share mode, and a save need not wait for them.
  await tx.query(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`group-mappings ${organizationId}`}, 0))`);
  const current = await readCurrentMapping(tx, input);
  if (!input.confirm) await refuseToLoseLastAdmin(tx, input);

  const unchanged = isSame(current, { role, workspaceIds });
  await tx.query(sql`
    WITH mapping AS (
      INSERT INTO group_mappings AS m (organization_id, group_id, role)
      VALUES (${organizationId}, ${groupId}, ${role})
      ON CONFLICT (organization_id, group_id) DO UPDATE
        SET role = excluded.role, updated_at = CASE WHEN ${unchanged} THEN m.updated_at ELSE now() END
    ), dropped AS (
      DELETE FROM group_mapping_workspaces
      WHERE organization_id = ${organizationId} AND group_id = ${groupId}
        AND NOT (workspace_id = ANY (${workspaceIds}::uuid[]))
    )
    INSERT INTO group_mapping_workspaces (organization_id, group_id, workspace_id)
    SELECT ${organizationId}, ${groupId}, id FROM unnest(${workspaceIds}::uuid[]) AS id
    ON CONFLICT DO NOTHING`);

  const jobId = newId();
  await addJob(tx, {
    id: jobId,
    organizationId,
    requestId: cause.requestId,
    queue: 'workspace-mapping',
    payload: { scope: 'group', groupId },
  });
  await appendEntry(tx, {
    organizationId,
    action: 'UPDATE_MAPPING',
    status: unchanged ? 'SKIPPED' : 'SUCCESS',
    resource: { type: 'GroupMapping', id: groupId, name: current.groupName },
    cause,
    message: unchanged
      ? 'Nothing to change: the mapping already says this. Its members are checked again.'
      : `Members of ${current.groupName} are added to ${countOf(workspaceIds.length, 'workspace')}, ${roleWords(role)}.`,
    details: {
      workspacesAdded: workspaceIds.filter((id) => !current.workspaceIds.includes(id)),
      workspacesRemoved: current.workspaceIds.filter((id) => !workspaceIds.includes(id)),
      roleBefore: current.role,
      roleAfter: role,
    },
    jobId,
  });
  return { jobId };
}

async function refuseToLoseLastAdmin(tx: Transaction, input: MappingInput): Promise<void> {
  const [admins] = await tx.query<{ before: boolean; after: boolean }>(sql`SELECT ${hasAdminBeforeAndAfter(input)}`);
  if (admins === undefined || !admins.before || admins.after) return;
  throw new DomainError(
    'conflict',
    'last-admin',
    'This change would leave the organization without any active admin. Give the admin role to another group first, or confirm the change.',
    { groupId: input.groupId },
  );
}

function isSame(
  current: CurrentMapping,
  proposed: { role: MappingInput['role']; workspaceIds: readonly string[] },
): boolean {
  return (
    current.exists && current.role === proposed.role && current.workspaceIds.join() === proposed.workspaceIds.join()
  );
}

function roleWords(role: MappingInput['role']): string {
  return role === null ? 'with the connection role' : `with the role ${role}`;
}

function countOf(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
