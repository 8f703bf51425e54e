import sql from 'sql-template-tag';
import type { QueueName, WorkspaceMappingPayload } from '../jobs/job.ts';
import type { Queryable } from '../platform/database.ts';

/** Organizations taken up in one look, so that a thousand of them do not fall due in the same second. */
const organizationsPerLook = 20;

/**
 * Adds the job that computes a whole organization anew, for organizations where that was last done too long ago. It is
 * insurance against faults that nobody foresaw: such a job logs only the drift that it repaired, and one entry for
 * itself. Due is decided by the database's clock; several processes may look at once, each organization is taken once.
 *
 * @returns how many jobs were added
 */
export async function addPeriodicResyncs(db: Queryable, intervalHours: number): Promise<number> {
  const queue: QueueName = 'workspace-mapping';
  const payload: WorkspaceMappingPayload = {
    scope: 'organization',
    reason: `${intervalHours} hours have passed since the last one`,
    onlyDrift: true,
  };
  const added = await db.query(sql`
    WITH due AS (
      SELECT o.id FROM organizations o
      JOIN directory_sync_state s ON s.organization_id = o.id
      WHERE o.provisioning_mode = 'scim' AND o.resynced_at < now() - make_interval(hours => ${intervalHours}::integer)
        AND s.plan_allows AND s.sso_is_active AND s.has_verified_domain
      ORDER BY o.resynced_at LIMIT ${organizationsPerLook}
      FOR NO KEY UPDATE OF o SKIP LOCKED
    ), marked AS (
      UPDATE organizations o SET resynced_at = now() FROM due WHERE o.id = due.id RETURNING o.id
    )
    INSERT INTO sync_jobs (id, organization_id, queue, payload)
    SELECT new_id(), id, ${queue}::text, ${JSON.stringify(payload)}::jsonb FROM marked
    RETURNING id`);
  return added.length;
}
