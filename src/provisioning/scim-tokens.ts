import sql, { empty } from 'sql-template-tag';
import type { Database, Queryable, Transaction } from '../platform/database.ts';
import { DomainError, NotFoundError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import { cursorId, pageOf, type Page, type PageRequest } from '../platform/keyset.ts';
import { appendEntry, type Cause } from '../sync-log/append.ts';
import { recordRefusal } from '../sync-log/record-refusal.ts';
import { lockOrganization } from './lock-organization.ts';
import { createTokenSecret, tokenName } from './token-secret.ts';

/** What may be shown of a token, ever. */
export interface ScimTokenInfo {
  id: string;
  prefix: string;
  lastFour: string;
  createdAt: Date;
  /** When it was accepted for the first time; null: never. */
  firstUsedAt: Date | null;
  /** True to the minute. */
  lastUsedAt: Date | null;
  /** Null: until it is rotated or revoked. */
  expiresAt: Date | null;
}

export interface RotatedToken {
  tokenId: string;
  /** Shown once. */
  token: string;
  /** Null when no earlier token was valid any more. */
  previousTokenExpiresAt: Date | null;
}

/** Stores a new token. @returns the secret, which cannot be read again */
export async function createScimToken(
  tx: Transaction,
  organizationId: string,
): Promise<{ tokenId: string; token: string; name: string }> {
  const secret = createTokenSecret('rc_scim_');
  const [row] = await tx.query<{ id: string }>(sql`
    INSERT INTO scim_tokens (id, organization_id, token_hash, prefix, last_four, created_at)
    VALUES (new_id(), ${organizationId}::uuid, ${secret.hash}, ${secret.prefix}, ${secret.lastFour}, clock_timestamp())
    RETURNING id`);
  if (row === undefined) throw new Error('INSERT ... RETURNING answered no row');
  return { tokenId: row.id, token: secret.token, name: tokenName(secret) };
}

/**
 * Answers with a new token. The previous one works for 24 more hours by the database's clock, unless it expires
 * sooner; every older one is revoked, so that at most two work at any time.
 *
 * @throws DomainError `conflict` (`scim-not-selected`) unless the provisioning mode is `scim`
 */
export async function rotateScimToken(
  db: Database,
  { organizationId, cause }: { organizationId: string; cause: Cause },
): Promise<RotatedToken> {
  const attempt = {
    organizationId,
    action: 'ROTATE_TOKEN',
    resource: { type: 'ScimToken', id: null, name: null },
    cause,
  } as const;
  return recordRefusal(db, attempt, () =>
    db.transaction(async (tx) => {
      const organization = await lockOrganization(tx, organizationId);
      if (organization.provisioningMode !== 'scim') {
        throw new DomainError(
          'conflict',
          'scim-not-selected',
          'There is no SCIM token to rotate: the provisioning mode is not "scim". ' +
            'Select "scim" first; that creates a token.',
        );
      }
      const previousTokenExpiresAt = await retirePrevious(tx, organizationId);
      const { tokenId, token, name } = await createScimToken(tx, organizationId);
      await appendEntry(tx, {
        ...attempt,
        status: 'SUCCESS',
        resource: { type: 'ScimToken', id: tokenId, name },
        message:
          previousTokenExpiresAt === null
            ? 'Issued a new SCIM token; no earlier token was valid.'
            : `Issued a new SCIM token; the previous one works until ${previousTokenExpiresAt.toISOString()}.`,
        details: { previousTokenExpiresAt },
      });
      return { tokenId, token, previousTokenExpiresAt };
    }),
  );
}

/** The newest working token gets its last day, all others end now. An expiry once announced never moves later. */
async function retirePrevious(tx: Transaction, organizationId: string): Promise<Date | null> {
  const [previous] = await tx.query<{ expiresAt: Date | null }>(sql`
    WITH working AS (
      SELECT id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS age
      FROM scim_tokens
      WHERE organization_id = ${organizationId}::uuid AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > clock_timestamp())
    ), retired AS (
      UPDATE scim_tokens t
      SET expires_at = CASE age WHEN 1 THEN least(expires_at, clock_timestamp() + interval '24 hours') ELSE expires_at END,
          revoked_at = CASE age WHEN 1 THEN NULL ELSE clock_timestamp() END
      FROM working
      WHERE t.id = working.id AND t.organization_id = ${organizationId}::uuid
      RETURNING age, expires_at
    )
    SELECT expires_at AS "expiresAt" FROM retired WHERE age = 1`);
  return previous?.expiresAt ?? null;
}

/**
 * Ends one token at once, on every replica.
 *
 * @throws NotFoundError for a token that this organization never had
 */
export async function revokeScimToken(
  db: Database,
  { organizationId, tokenId, cause }: { organizationId: string; tokenId: string; cause: Cause },
): Promise<void> {
  if (!isId(tokenId)) throw new NotFoundError('SCIM token', tokenId);
  await db.transaction(async (tx) => {
    // The lock makes a revocation wait for a rotation under way, never slip through beside it.
    await lockOrganization(tx, organizationId);
    const [token] = await tx.query<{ prefix: string; lastFour: string; wasWorking: boolean }>(sql`
      WITH before AS (
        SELECT id, prefix, last_four,
          revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()) AS was_working
        FROM scim_tokens WHERE id = ${tokenId}::uuid AND organization_id = ${organizationId}::uuid
      ), revoked AS (
        UPDATE scim_tokens t SET revoked_at = clock_timestamp() FROM before WHERE t.id = before.id AND before.was_working
      )
      SELECT prefix, last_four AS "lastFour", was_working AS "wasWorking" FROM before`);
    if (token === undefined) throw new NotFoundError('SCIM token', tokenId);
    await appendEntry(tx, {
      organizationId,
      action: 'REVOKE_TOKEN',
      status: token.wasWorking ? 'SUCCESS' : 'SKIPPED',
      resource: { type: 'ScimToken', id: tokenId, name: tokenName(token) },
      cause,
      message: token.wasWorking ? 'Revoked the SCIM token.' : 'The SCIM token was already revoked or expired.',
    });
  });
}

/** Ends every token of an organization. @returns how many still worked */
export async function revokeAllScimTokens(tx: Transaction, organizationId: string): Promise<number> {
  const [{ count } = { count: 0 }] = await tx.query<{ count: number }>(sql`
    WITH revoked AS (
      UPDATE scim_tokens SET revoked_at = clock_timestamp()
      WHERE organization_id = ${organizationId}::uuid AND revoked_at IS NULL
      RETURNING expires_at
    )
    SELECT count(*) FILTER (WHERE expires_at IS NULL OR expires_at > clock_timestamp()) AS count FROM revoked`);
  return count;
}

/** The tokens that work now, newest first: at most two. What became of others is in the sync log. */
export async function listScimTokens(
  db: Queryable,
  { organizationId, limit, cursor }: PageRequest & { organizationId: string },
): Promise<Page<ScimTokenInfo>> {
  const after = cursorId(cursor);
  const rows = await db.query<ScimTokenInfo>(sql`
    SELECT id, prefix, last_four AS "lastFour", created_at AS "createdAt", first_used_at AS "firstUsedAt", last_used_at AS "lastUsedAt",
      expires_at AS "expiresAt"
    FROM scim_tokens
    WHERE organization_id = ${organizationId}::uuid AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > clock_timestamp())
      ${after === null ? empty : sql`AND (created_at, id) < (SELECT created_at, id FROM scim_tokens WHERE organization_id = ${organizationId}::uuid AND id = ${after}::uuid)`}
    ORDER BY created_at DESC, id DESC
    LIMIT ${limit + 1}`);
  return pageOf(rows, limit);
}
