import { timingSafeEqual } from 'node:crypto';
import sql from 'sql-template-tag';
import type { AdminKeyRole } from '../contract/admin-keys.ts';
import type { AdminRole } from '../contract/authorization.ts';
import { hashAdminKey } from '../platform/admin-key.ts';
import type { Queryable } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import type { Cause } from '../sync-log/append.ts';
import { noteUse } from './note-use.ts';
import { hashToken, isTokenShaped } from './token-secret.ts';

/** Who calls the admin API. */
export interface AdminCaller {
  role: AdminRole;
  /** The only organization that there is for this caller; null: all of them, for the platform. */
  organizationId: string | null;
  /** As the sync log names it: an admin key by its id and name. */
  actor: Cause['actor'];
}

/** Whoever holds the platform admin key, or a session that was opened with it. */
export const platformCaller: AdminCaller = {
  role: 'platform',
  organizationId: null,
  // Everybody who holds the platform admin key acts under one name.
  actor: { type: 'admin', id: 'platform', name: 'Platform admin' },
};

/**
 * Who an admin key belongs to: the platform, or one organization. Hashes are compared, in constant time: how long a
 * refusal takes tells nothing about the platform's key. An organization's key is read in one indexed look-up without a
 * cache, so that a revocation holds from the next request on, on every replica.
 *
 * @param key as it was sent; undefined: none
 * @throws DomainError `unauthenticated` (`invalid-admin-key`), with one constant message
 */
export async function authenticateAdmin(
  db: Queryable,
  { key, platformKeyHash }: { key: string | undefined; platformKeyHash: Buffer },
): Promise<AdminCaller> {
  if (key === undefined) throw unauthenticated();
  if (timingSafeEqual(hashAdminKey(key), platformKeyHash)) return platformCaller;
  if (!isTokenShaped(key, 'rc_org_')) throw unauthenticated();
  const [row] = await db.query<{
    id: string;
    organizationId: string;
    name: string;
    role: AdminKeyRole;
    usedLongAgo: boolean;
  }>(sql`
    SELECT id, organization_id AS "organizationId", name, role,
      coalesce(last_used_at < now() - interval '1 minute', true) AS "usedLongAgo"
    FROM admin_keys WHERE key_hash = ${hashToken(key)} AND revoked_at IS NULL`);
  if (row === undefined) throw unauthenticated();
  if (row.usedLongAgo) await noteUse(db, 'admin_keys', row.id);
  return {
    role: row.role,
    organizationId: row.organizationId,
    actor: { type: 'admin', id: row.id, name: row.name },
  };
}

function unauthenticated(): DomainError {
  return new DomainError(
    'unauthenticated',
    'invalid-admin-key',
    'The admin key is missing or wrong. Send it as "Authorization: Bearer <admin key>": the platform\'s, which is the ' +
      'value of ROLLCALL_ADMIN_KEY or the key that the first start printed, or one of the organization.',
  );
}
