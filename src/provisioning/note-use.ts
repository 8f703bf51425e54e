import sql, { empty, raw } from 'sql-template-tag';
import type { Queryable } from '../platform/database.ts';

/**
 * Keeps `last_used_at` of a token, key or session true to the minute, and sets a token's `first_used_at` once. It never
 * delays or fails a request: a locked row is left to whoever holds it, the commit does not wait for the disk (losing the
 * note in a crash is harmless), and when the disk is full reading goes on.
 */
export async function noteUse(
  db: Queryable,
  table: 'scim_tokens' | 'admin_keys' | 'console_sessions',
  id: string,
): Promise<void> {
  const firstUse = table === 'scim_tokens' ? sql`, first_used_at = coalesce(t.first_used_at, now())` : empty;
  await db
    .query(
      sql`
      WITH free AS MATERIALIZED (
        SELECT id, set_config('synchronous_commit', 'off', true) FROM ${raw(table)}
        WHERE id = ${id}::uuid AND coalesce(last_used_at < now() - interval '1 minute', true)
        FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE ${raw(table)} t SET last_used_at = now() ${firstUse} FROM free WHERE t.id = free.id`,
    )
    .catch(() => undefined);
}
