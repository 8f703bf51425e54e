import { addJob } from '../jobs/add.ts';
import type { Transaction } from '../platform/database.ts';
import type { Cause } from '../sync-log/append.ts';
import { isActive, readDirectorySyncState, type DirectorySyncState } from './directory-sync-state.ts';
import { lockOrganization } from './lock-organization.ts';
import type { Organization } from './organization.ts';

export interface SettingsChange<T> {
  result: T;
  before: DirectorySyncState;
  after: DirectorySyncState;
  /** The job that re-synchronizes the organization, when the change made one necessary. */
  jobId: string | null;
}

/**
 * Runs a change of something that directory sync depends on: mode, plan, SSO connection, domains. When the change makes
 * directory sync active, or changes the connection role while it is active, a job for the whole organization is added
 * in the same transaction; so nothing that was skipped meanwhile is lost.
 *
 * @throws NotFoundError for an unknown organization
 */
export async function changeDirectorySettings<T>(
  tx: Transaction,
  { organizationId, cause }: { organizationId: string; cause: Cause },
  change: (organization: Organization, before: DirectorySyncState) => Promise<T>,
): Promise<SettingsChange<T>> {
  const organization = await lockOrganization(tx, organizationId);
  const before = await readDirectorySyncState(tx, organizationId);
  const result = await change(organization, before);
  const after = await readDirectorySyncState(tx, organizationId);
  const reason = resyncReason(before, after);
  const jobId =
    reason === null
      ? null
      : await addJob(tx, {
          organizationId,
          requestId: cause.requestId,
          queue: 'workspace-mapping',
          payload: { scope: 'organization', reason },
        });
  return { result, before, after, jobId };
}

/** Why everybody's access has to be computed again, in words for the log; null: it has not. */
function resyncReason(before: DirectorySyncState, after: DirectorySyncState): string | null {
  if (!isActive(after)) return null;
  if (!before.modeIsScim) return 'SCIM was selected as provisioning mode.';
  if (!isActive(before)) return 'Directory sync became active again.';
  if (before.defaultRole !== after.defaultRole) {
    return `The connection role changed from ${before.defaultRole ?? 'none'} to ${after.defaultRole ?? 'none'}.`;
  }
  return null;
}

/** What a change did to directory sync, as a sentence to append to its log message; '' when nothing. */
export function syncConsequence(before: DirectorySyncState, after: DirectorySyncState): string {
  if (isActive(before) === isActive(after)) return '';
  return isActive(after)
    ? ' Directory sync is active; everybody is re-synchronized.'
    : ' Directory sync is paused until its prerequisites are met again.';
}
