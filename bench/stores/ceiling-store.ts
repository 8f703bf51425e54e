import pg from 'pg';
import type { Store } from './store.ts';

/** The state of the ceiling, and of the limit, which has the same tables. */
export function ceilingStore(databaseUrl: string): Store {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, application_name: 'bench-judge' });
  const count = async (text: string, values: unknown[]): Promise<number> => {
    const { rows } = await pool.query<{ count: string }>(text, values);
    return Number(rows[0]?.count);
  };
  return {
    entries: (organizationId) => count('SELECT count(*) FROM log WHERE organization_id = $1', [organizationId]),
    // Nobody works the outbox of a ceiling; emptied, it stays as small as one that is worked.
    settle: (organizationId) =>
      count(
        `WITH gone AS (DELETE FROM jobs WHERE organization_id = $1 RETURNING cardinality(user_ids) AS users)
        SELECT coalesce(sum(users), 0) AS count FROM gone`,
        [organizationId],
      ),
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
    memberCount: (_, groupId) => count('SELECT count(*) FROM group_members WHERE group_id = $1', [groupId]),
    membersAmong: (_, groupId, userIds) =>
      count('SELECT count(*) FROM group_members WHERE group_id = $1 AND user_id = ANY ($2::uuid[])', [
        groupId,
        userIds,
      ]),
    removeMembers: async (_, groupIds, userIds) => {
      await pool.query('DELETE FROM group_members WHERE group_id = ANY ($1::uuid[]) AND user_id = ANY ($2::uuid[])', [
        groupIds,
        userIds,
      ]);
    },
    close: () => pool.end(),
  };
}
