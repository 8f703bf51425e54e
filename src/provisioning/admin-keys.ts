import sql, { empty } from 'sql-template-tag';
import type { AdminKeyRole } from '../contract/admin-keys.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { createTokenSecret, tokenName } from './token-secret.ts';

/** What may be shown of a key, ever. */
export interface AdminKey {
  id: string;
  /** For people; the sync log names it as actor. */
  name: string;
  role: AdminKeyRole;
  prefix: string;
  lastFour: string;
  createdAt: Date;
  /** True to the minute. */
  lastUsedAt: Date | null;
}

const columns = sql`id, name, role, prefix, last_four AS "lastFour", created_at AS "createdAt", last_used_at AS "lastUsedAt"`;

/**
 * Creates an admin key of one organization. Only its hash is stored.
 *
 * @returns what may be shown, and the key itself, which cannot be read again
 * @throws NotFoundError for an unknown organization
 */
export async function createAdminKey(
  db: Database,
  input: { organizationId: string; name: string; role: AdminKeyRole; cause: Cause },
): Promise<AdminKey & { key: string }> {
  const { organizationId, name, role, cause } = input;
  if (!isId(organizationId)) throw new NotFoundError('organization', organizationId);
  const secret = createTokenSecret('rc_org_');
  return db.transaction(async (tx) => {
    const [created] = await tx.query<AdminKey>(sql`
      INSERT INTO admin_keys (id, organization_id, name, role, key_hash, prefix, last_four, created_at)
      SELECT new_id(), id, ${name}, ${role}, ${secret.hash}, ${secret.prefix}, ${secret.lastFour}, clock_timestamp()
      FROM organizations WHERE id = ${organizationId}::uuid
      RETURNING ${columns}`);
    if (created === undefined) throw new NotFoundError('organization', organizationId);
    await appendEntry(tx, {
      organizationId,
      action: 'CREATE_ADMIN_KEY',
      status: 'SUCCESS',
      resource: { type: 'AdminKey', id: created.id, name },
      cause,
      message: `Created the admin key ${tokenName(secret)} with the role "${role}".`,
      details: { role },
    });
    return { ...created, key: secret.token };
  });
}

/** The keys that work now, newest first. What became of others is in the sync log. */
export async function listAdminKeys(
  db: Queryable,
  { organizationId, limit, cursor }: PageRequest & { organizationId: string },
): Promise<Page<AdminKey>> {
  const after = cursorId(cursor);
  const rows = await db.query<AdminKey>(sql`
    SELECT ${columns} FROM admin_keys
    WHERE organization_id = ${organizationId}::uuid AND revoked_at IS NULL
      ${after === null ? empty : sql`AND id < ${after}::uuid`}
    ORDER BY id DESC LIMIT ${limit + 1}`);
  return pageOf(rows, limit);
}

/**
 * Ends one key at once, on every replica.
 *
 * @throws NotFoundError for a key that this organization never had
 */
export async function revokeAdminKey(
  db: Database,
  { organizationId, keyId, cause }: { organizationId: string; keyId: string; cause: Cause },
): Promise<void> {
  if (!isId(keyId)) throw new NotFoundError('admin key', keyId);
  await db.transaction(async (tx) => {
    const [key] = await tx.query<{ name: string; prefix: string; lastFour: string; wasWorking: boolean }>(sql`
      WITH before AS (
        SELECT id, name, prefix, last_four, revoked_at IS NULL AS was_working FROM admin_keys
        WHERE id = ${keyId}::uuid AND organization_id = ${organizationId}::uuid
        FOR NO KEY UPDATE
      ), revoked AS (
        UPDATE admin_keys k SET revoked_at = clock_timestamp() FROM before WHERE k.id = before.id AND before.was_working
      )
      SELECT name, prefix, last_four AS "lastFour", was_working AS "wasWorking" FROM before`);
    if (key === undefined) throw new NotFoundError('admin key', keyId);
    await appendEntry(tx, {
      organizationId,
      action: 'REVOKE_ADMIN_KEY',
      status: key.wasWorking ? 'SUCCESS' : 'SKIPPED',
      resource: { type: 'AdminKey', id: keyId, name: key.name },
      cause,
      message: key.wasWorking
        ? `Revoked the admin key ${tokenName(key)}.`
        : `The admin key ${tokenName(key)} was already revoked.`,
    });
  });
}
