import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Store } from './store.ts';

/** How long jobs may take once nobody adds any. */
const quietWithinMs = 600_000;

/**
 * The state of Rollcall.
 *
 * @param worked whether a worker runs; else jobs are only counted and taken away
 */
export function rollcallStore(databaseUrl: string, worked: boolean): Store & { untilQuiet(): Promise<void> } {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, application_name: 'bench-judge' });
  const counted = new Map<string, number>();
  const count = async (text: string, values: unknown[]): Promise<number> => {
    const { rows } = await pool.query<{ count: string }>(text, values);
    return Number(rows[0]?.count);
  };
  const untilQuiet = async (): Promise<void> => {
    const deadline = Date.now() + quietWithinMs;
    for (;;) {
      const { rows } = await pool.query<{ status: string }>('SELECT status FROM sync_jobs LIMIT 1');
      if (rows.length === 0) return;
      const failed = await count(`SELECT count(*) FROM sync_jobs WHERE status = 'failed'`, []);
      if (failed > 0) throw new Error(`${failed} jobs have failed`);
      if (Date.now() > deadline) throw new Error('jobs are not done within ten minutes');
      await sleep(20);
    }
  };
  return {
    untilQuiet,
    // One for each request. A workload that deactivates people sets off the alarm for just that, which has its own.
    entries: (organizationId) =>
      count(
        `SELECT count(*) FROM sync_logs
        WHERE organization_id = $1 AND action NOT IN ('SYNC_ACCESS', 'BULK_CHANGE_ALARM')`,
        [organizationId],
      ),
    settle: async (organizationId) => {
      if (!worked) {
        return count(
          `WITH gone AS (
            DELETE FROM sync_jobs WHERE organization_id = $1 RETURNING jsonb_array_length(payload -> 'userIds') AS users
          ) SELECT coalesce(sum(users), 0) AS count FROM gone`,
          [organizationId],
        );
      }
      await untilQuiet();
      const total = await count(
        `SELECT count(*) FROM sync_logs WHERE organization_id = $1 AND action = 'SYNC_ACCESS' AND resource_type = 'User'`,
        [organizationId],
      );
      const before = counted.get(organizationId) ?? 0;
      counted.set(organizationId, total);
      return total - before;
    },
    userCount: (organizationId) => count('SELECT count(*) FROM users WHERE organization_id = $1', [organizationId]),
    groupCount: (organizationId) => count('SELECT count(*) FROM groups WHERE organization_id = $1', [organizationId]),
    activeAmong: (organizationId, userIds) =>
      count('SELECT count(*) FROM users WHERE organization_id = $1 AND id = ANY ($2::uuid[]) AND active', [
        organizationId,
        userIds,
      ]),
    setAllActive: async (organizationId) => {
      await pool.query('UPDATE users SET active = true WHERE organization_id = $1 AND NOT active', [organizationId]);
    },
    memberCount: (organizationId, groupId) =>
      count('SELECT count(*) FROM group_members WHERE organization_id = $1 AND group_id = $2', [
        organizationId,
        groupId,
      ]),
    membersAmong: (organizationId, groupId, userIds) =>
      count(
        `SELECT count(*) FROM group_members
        WHERE organization_id = $1 AND group_id = $2 AND user_id = ANY ($3::uuid[])`,
        [organizationId, groupId, userIds],
      ),
    removeMembers: async (organizationId, groupIds, userIds) => {
      await pool.query(
        `DELETE FROM group_members
        WHERE organization_id = $1 AND group_id = ANY ($2::uuid[]) AND user_id = ANY ($3::uuid[])`,
        [organizationId, groupIds, userIds],
      );
    },
    close: () => pool.end(),
  };
}
