import sql, { type Sql } from 'sql-template-tag';
import type { UserNameFormat } from '../contract/organizations.ts';
import type { Queryable } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { isId } from '../platform/ids.ts';
import {
  directorySyncConditions,
  directorySyncRuns,
  missingConditions,
  type DirectorySyncState,
} from './directory-sync-state.ts';
import { noteUse } from './note-use.ts';
import { hashToken, isTokenShaped, tokenName } from './token-secret.ts';

/** The identity provider behind an authenticated SCIM request. */
export interface ScimCaller {
  organizationId: string;
  tokenId: string;
  /** The token's public name, `prefix…last four`: the actor in the sync log. */
  tokenName: string;
  userNameFormat: UserNameFormat;
  /** When that was so, by the database's clock: the one clock that all processes share. */
  at: Date;
  /** Version of the registry of extension schemas at that time. */
  schemaVersion: number;
}

interface TokenRow extends DirectorySyncState {
  tokenId: string;
  prefix: string;
  lastFour: string;
  userNameFormat: UserNameFormat;
  at: Date;
  schemaVersion: number;
  usedLongAgo: boolean;
}

/**
 * Who calls the SCIM ingress. Token, mode, plan, SSO connection and domain are read in one indexed look-up. Expiry goes by
 * the database's clock. Whoever goes by the answer later has to require `callerStands`.
 *
 * @param organizationId from the request's path: a token works for its own organization only
 * @throws DomainError `unauthenticated`, with one constant message: unknown, expired or revoked token, a token of
 *   another organization, or an organization that does not use SCIM
 * @throws DomainError `forbidden` (`directory-sync-inactive`): plan, SSO connection or domain lapsed; says which
 */
export async function authenticateScim(
  db: Queryable,
  { organizationId, token }: { organizationId: string; token: string },
): Promise<ScimCaller> {
  if (!isId(organizationId) || !isTokenShaped(token, 'rc_scim_')) throw unauthenticated();
  const [row] = await db.query<TokenRow>(sql`
    SELECT t.id AS "tokenId", t.prefix, t.last_four AS "lastFour", o.user_name_format AS "userNameFormat",
      coalesce(t.last_used_at < now() - interval '1 minute', true) AS "usedLongAgo", ${directorySyncConditions},
      clock_timestamp() AS at, (SELECT version FROM scim_schema_registry) AS "schemaVersion"
    FROM scim_tokens t
    JOIN organizations o ON o.id = t.organization_id
    JOIN directory_sync_state s ON s.organization_id = t.organization_id
    WHERE t.token_hash = ${hashToken(token)} AND t.organization_id = ${organizationId}::uuid AND ${tokenHolds}`);
  if (!row?.modeIsScim) throw unauthenticated();
  if (row.usedLongAgo) await noteUse(db, 'scim_tokens', row.tokenId);

  const missing = missingConditions(row);
  if (missing.length > 0) {
    throw new DomainError(
      'forbidden',
      'directory-sync-inactive',
      `Directory sync is paused for this organization: ${missing.join(' ')}`,
      { missing },
    );
  }
  return {
    organizationId,
    tokenId: row.tokenId,
    tokenName: tokenName(row),
    userNameFormat: row.userNameFormat,
    at: row.at,
    schemaVersion: row.schemaVersion,
  };
}

const tokenHolds = sql`t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`;

/**
 * Whether `caller` would be answered just the same by `authenticateScim` now, the time aside: the condition
 * under which a request may go by what was looked up a moment ago.
 */
export function callerStands({ organizationId, tokenId, userNameFormat, schemaVersion }: ScimCaller): Sql {
  return sql`EXISTS (
    SELECT FROM scim_tokens t
    JOIN organizations o ON o.id = t.organization_id
    JOIN directory_sync_state s ON s.organization_id = t.organization_id
    WHERE t.id = ${tokenId}::uuid AND t.organization_id = ${organizationId}::uuid AND ${tokenHolds}
      AND o.user_name_format = ${userNameFormat} AND (SELECT version FROM scim_schema_registry) = ${schemaVersion}::bigint
      AND ${directorySyncRuns})`;
}

function unauthenticated(): DomainError {
  return new DomainError(
    'unauthenticated',
    'invalid-scim-token',
    'The bearer token is missing or not valid for this SCIM base URL. ' +
      'Check both in your identity provider, or rotate the token under "Identity and access" and enter the new one.',
  );
}
