import { createHmac, timingSafeEqual } from 'node:crypto';
import sql, { empty } from 'sql-template-tag';
import type { AdminKeyRole } from '../contract/admin-keys.ts';
import type { Database, Queryable } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import { insertEntry, type Cause } from '../sync-log/append.ts';
import { authenticateAdmin, platformCaller, type AdminCaller } from './authenticate-admin.ts';
import { noteUse } from './note-use.ts';
import { createTokenSecret, hashToken, isTokenShaped } from './token-secret.ts';

/** A working day: an admin signs in once. */
export const sessionSeconds = 12 * 3600;

/** Somebody who left the console open over lunch comes back to it; whoever finds it open in the evening does not. */
const idleSeconds = 2 * 3600;

/** Sessions of one key at the same time, the oldest go first: more than a team that shares a key needs. */
const maxSessionsOfKey = 200;

/** Expired rows that one sign-in clears away; sign-ins add one, so the table cannot grow for long. */
const maxCleared = 100;

export interface ConsoleSession {
  id: string;
  expiresAt: Date;
}

export interface SignedIn {
  caller: AdminCaller;
  session: ConsoleSession;
}

/**
 * Exchanges an admin key for a session. A session of the same browser that was there before ends. A sign-in with a key
 * of an organization leaves an entry in that organization's log; the platform's is for the service's own.
 *
 * @param previous the value of the cookie that came along, if any
 * @returns who it is, and the value of the cookie, which cannot be read again
 * @throws DomainError `unauthenticated` (`invalid-admin-key`)
 */
export async function signIn(
  db: Database,
  input: { adminKey: string; platformKeyHash: Buffer; previous: string | undefined; requestId: string | null },
): Promise<SignedIn & { cookie: string }> {
  const { adminKey, platformKeyHash, previous, requestId } = input;
  const caller = await authenticateAdmin(db, { key: adminKey, platformKeyHash });
  const { token, hash } = createTokenSecret('rc_session_');
  const isPlatform = caller.role === 'platform';
  const keyId = isPlatform ? null : caller.actor.id;
  const proof = isPlatform ? platformProof(platformKeyHash, token) : null;
  const ofSameKey = isPlatform ? sql`admin_key_id IS NULL` : sql`admin_key_id = ${keyId}::uuid`;
  const entry =
    caller.organizationId === null
      ? empty
      : sql`, logged AS (${insertEntry(
          {
            organizationId: caller.organizationId,
            action: 'CONSOLE_SIGN_IN',
            status: 'SUCCESS',
            resource: { type: 'AdminKey', id: keyId, name: caller.actor.name },
            cause: { actor: caller.actor, requestId },
            message: `Signed in to the console with the admin key "${caller.actor.name ?? ''}" (${caller.role}).`,
          },
          sql`FROM created`,
        )})`;
  const session = await db.transaction(async (tx) => {
    const [created] = await tx.query<ConsoleSession>(sql`
      WITH replaced AS (
        DELETE FROM console_sessions WHERE token_hash = ${previous === undefined ? null : hashToken(previous)}::bytea
      ), cleared AS (
        DELETE FROM console_sessions WHERE id IN (
          SELECT id FROM console_sessions WHERE expires_at < now() ORDER BY expires_at LIMIT ${maxCleared}
          FOR UPDATE SKIP LOCKED)
      ), crowded AS (
        DELETE FROM console_sessions WHERE id IN (
          SELECT id FROM console_sessions WHERE ${ofSameKey} ORDER BY id DESC OFFSET ${maxSessionsOfKey - 1})
      ), created AS (
        INSERT INTO console_sessions (id, token_hash, admin_key_id, platform_proof, created_at, last_used_at, expires_at)
        SELECT new_id(), ${hash}, ${keyId}::uuid, ${proof}::bytea, now(), now(), now() + make_interval(secs => ${sessionSeconds})
        -- A key that was revoked this very moment gives no session.
        ${isPlatform ? empty : sql`FROM admin_keys WHERE id = ${keyId}::uuid AND revoked_at IS NULL FOR KEY SHARE`}
        RETURNING id, expires_at AS "expiresAt"
      )${entry}
      SELECT id, "expiresAt" FROM created`);
    return created;
  });
  if (session === undefined) throw sessionEnded();
  return { caller, session, cookie: token };
}

/**
 * Whose session a cookie is. One indexed look-up without a cache: signing out, revoking the key and a new platform key
 * hold from the next request on, on every replica. Times go by the database's clock.
 *
 * @param cookie the value as it was sent
 * @throws DomainError `unauthenticated` (`session-ended`): unknown, expired, idle for too long, or its key is no more
 */
export async function authenticateSession(
  db: Queryable,
  { cookie, platformKeyHash }: { cookie: string; platformKeyHash: Buffer },
): Promise<SignedIn> {
  if (!isTokenShaped(cookie, 'rc_session_')) throw sessionEnded();
  const [row] = await db.query<{
    id: string;
    expiresAt: Date;
    platformProof: Buffer | null;
    keyId: string | null;
    organizationId: string;
    name: string;
    role: AdminKeyRole;
    usedLongAgo: boolean;
  }>(sql`
    SELECT s.id, s.expires_at AS "expiresAt", s.platform_proof AS "platformProof",
      k.id AS "keyId", k.organization_id AS "organizationId", k.name, k.role,
      s.last_used_at < now() - interval '1 minute' AS "usedLongAgo"
    FROM console_sessions s LEFT JOIN admin_keys k ON k.id = s.admin_key_id
    WHERE s.token_hash = ${hashToken(cookie)} AND s.expires_at > now()
      AND s.last_used_at > now() - make_interval(secs => ${idleSeconds})
      AND k.revoked_at IS NULL`);
  if (row === undefined) throw sessionEnded();
  const { id, expiresAt, keyId } = row;
  const caller = keyId === null ? platformCaller : callerOf({ ...row, keyId });
  if (keyId === null && !isProof(row.platformProof, platformProof(platformKeyHash, cookie))) throw sessionEnded();
  if (row.usedLongAgo) {
    await noteUse(db, 'console_sessions', id);
    if (keyId !== null) await noteUse(db, 'admin_keys', keyId);
  }
  return { caller, session: { id, expiresAt } };
}

/** Ends a session at once, on every replica. One that is over already stays so. */
export async function endSession(db: Queryable, sessionId: string): Promise<void> {
  await db.query(sql`DELETE FROM console_sessions WHERE id = ${sessionId}::uuid`);
}

function callerOf(key: { keyId: string; organizationId: string; name: string; role: AdminKeyRole }): AdminCaller {
  const actor: Cause['actor'] = { type: 'admin', id: key.keyId, name: key.name };
  return { role: key.role, organizationId: key.organizationId, actor };
}

function platformProof(platformKeyHash: Buffer, cookie: string): Buffer {
  return createHmac('sha256', platformKeyHash).update(`console-session:${cookie}`).digest();
}

function isProof(stored: Buffer | null, expected: Buffer): boolean {
  return stored?.length === expected.length && timingSafeEqual(stored, expected);
}

function sessionEnded(): DomainError {
  return new DomainError(
    'unauthenticated',
    'session-ended',
    'Your session has ended. Sign in again with an admin key.',
  );
}
