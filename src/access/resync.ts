import sql from 'sql-template-tag';
import { insertJob } from '../jobs/add.ts';
import { foreignKeyViolation } from '../platform/database-errors.ts';
import type { Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId, newId } from '../platform/ids.ts';
import { insertEntry, type Cause } from '../sync-log/append.ts';

/**
 * Asks for the access of every directory user to be computed again. The work is a `workspace-mapping` job; while
 * directory sync is not active it ends as SKIPPED.
 *
 * @throws NotFoundError for an unknown organization
 */
export async function requestResync(db: Queryable, organizationId: string, cause: Cause): Promise<{ jobId: string }> {
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const jobId = newId();
  const entry = insertEntry({
    organizationId,
    action: 'RESYNC',
    status: 'SUCCESS',
    resource: { type: 'Organization', id: organizationId, name: null },
    cause,
    message: 'Resync requested: the access of every user of the directory is computed again.',
    jobId,
  });
  try {
    await db.query(sql`
      WITH entry AS (${entry})
      ${insertJob({
        id: jobId,
        organizationId,
        requestId: cause.requestId,
        queue: 'workspace-mapping',
        payload: { scope: 'organization', reason: 'A resync was requested.' },
      })}`);
  } catch (error) {
    if (foreignKeyViolation(error) !== undefined) throw new NotFoundError('organization', organizationId);
    throw error;
  }
  return { jobId };
}
