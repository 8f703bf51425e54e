import pg from 'pg';
import { indexKey, namespaceOf, storeKey, type PolisKind } from '../polis/keys.ts';
import type { Store } from './store.ts';

/**
 * The state of Polis, read from its tables.
 *
 * @param tenantOf the tenant of a directory
 * @param concernedIn how many users its events of a directory have been about so far
 */
export function polisStore(
  databaseUrl: string,
  tenantOf: (directoryId: string) => string,
  concernedIn: (directoryId: string) => Promise<number>,
): Store {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, application_name: 'bench-judge' });
  const counted = new Map<string, number>();
  const count = async (text: string, values: unknown[]): Promise<number> => {
    const { rows } = await pool.query<{ count: string }>(text, values);
    return Number(rows[0]?.count);
  };
  const countOf = (kind: PolisKind, directoryId: string) =>
    count('SELECT count(*) FROM jackson_store WHERE namespace = $1', [namespaceOf(kind, tenantOf(directoryId))]);
  const membersKey = (directoryId: string, groupId: string) =>
    indexKey('members', tenantOf(directoryId), 'groupId', groupId);
  return {
    // It keeps no log of what it was sent.
    entries: async () => null,
    // Its events are given before the answer: nothing is left to be waited for.
    settle: async (directoryId) => {
      const total = await concernedIn(directoryId);
      const before = counted.get(directoryId) ?? 0;
      counted.set(directoryId, total);
      return total - before;
    },
    userCount: (directoryId) => countOf('users', directoryId),
    groupCount: (directoryId) => countOf('groups', directoryId),
    activeAmong: (directoryId, userIds) =>
      // As it is told to the host, and as it is shown to the provider.
      count(
        `SELECT count(*) FROM jackson_store WHERE key = ANY ($1)
          AND (value::jsonb -> 'active')::boolean AND (value::jsonb -> 'raw' -> 'active')::boolean`,
        [userIds.map((id) => storeKey('users', tenantOf(directoryId), id))],
      ),
    setAllActive: async (directoryId) => {
      await pool.query(
        `UPDATE jackson_store SET value = replace(value, '"active":false', '"active":true')
        WHERE namespace = $1 AND value LIKE '%"active":false%'`,
        [namespaceOf('users', tenantOf(directoryId))],
      );
    },
    memberCount: (directoryId, groupId) =>
      count('SELECT count(*) FROM jackson_index WHERE key = $1', [membersKey(directoryId, groupId)]),
    membersAmong: (directoryId, groupId, userIds) =>
      count(
        `SELECT count(*) FROM jackson_index i JOIN jackson_store s ON s.key = i."storeKey"
        WHERE i.key = $1 AND s.value::jsonb ->> 'user_id' = ANY ($2)`,
        [membersKey(directoryId, groupId), userIds],
      ),
    removeMembers: async (directoryId, groupIds, userIds) => {
      const client = await pool.connect();
      // Its foreign key has no index, and would be looked for in the whole table for each member.
      await client.query('SET session_replication_role = replica');
      await client.query(
        `WITH gone AS (
          DELETE FROM jackson_store s USING jackson_index i
          WHERE i.key = ANY ($1) AND s.key = i."storeKey" AND s.value::jsonb ->> 'user_id' = ANY ($2)
          RETURNING s.key
        ) DELETE FROM jackson_index i USING gone WHERE i."storeKey" = gone.key AND i.key = ANY ($1)`,
        [groupIds.map((groupId) => membersKey(directoryId, groupId)), userIds],
      );
      await client.query('RESET session_replication_role');
      client.release();
    },
    close: () => pool.end(),
  };
}
