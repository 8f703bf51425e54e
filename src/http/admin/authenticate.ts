import type { Request, RequestHandler, Response } from 'express';
import type { Database, Queryable } from '../../platform/database.ts';
import { authenticateAdmin, type AdminCaller } from '../../provisioning/authenticate-admin.ts';
import { authenticateSession, type ConsoleSession } from '../../provisioning/console-sessions.ts';
import { contextOf } from '../request-context.ts';
import { requireOwnWrite } from '../session/own-origin.ts';
import { sessionCookieOf } from '../session/session-cookie.ts';

/** An authenticated request of the admin API. */
export interface AuthenticatedAdmin {
  caller: AdminCaller;
  /** The session of the console that the request belongs to; null: it came with a key. */
  session: ConsoleSession | null;
  /** Checks the key or the session again if that is more than a moment ago. Throws as authentication does. */
  confirm(): Promise<void>;
}

/** A request that takes longer than this may outlive its key. */
const recheckAfterMs = 1_000;

/**
 * Lets only admins through: by a key in `Authorization: Bearer <key>` (RFC 6750 section 2.1), or without that header by
 * the cookie of a console session, whose writes must come from a page of ours. The body is not read before.
 */
export function authenticate(deps: { db: Database; adminKeyHash: Buffer; publicUrl: () => string }): RequestHandler {
  return async (req, res, next) => {
    const db = deps.db.within(contextOf(res).deadlines.work);
    const check = () => identify(req, { ...deps, db });
    const { caller, session } = await check();
    if (session !== null) requireOwnWrite(req, deps.publicUrl());
    let checkedAt = performance.now();
    const authenticated: AuthenticatedAdmin = {
      caller,
      session,
      confirm: async () => {
        if (performance.now() - checkedAt <= recheckAfterMs) return;
        await check();
        checkedAt = performance.now();
      },
    };
    res.locals['admin'] = authenticated;
    next();
  };
}

/**
 * Who sends a request. A header says more than a cookie, which a browser sends unasked: with a wrong one there is no
 * second try.
 *
 * @throws DomainError `unauthenticated`
 */
export async function identify(
  req: Request,
  { db, adminKeyHash, publicUrl }: { db: Queryable; adminKeyHash: Buffer; publicUrl: () => string },
): Promise<Pick<AuthenticatedAdmin, 'caller' | 'session'>> {
  const header = req.get('authorization');
  const cookie = sessionCookieOf(req, publicUrl().startsWith('https:'));
  if (header === undefined && cookie !== undefined) {
    return authenticateSession(db, { cookie, platformKeyHash: adminKeyHash });
  }
  const key = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  return { caller: await authenticateAdmin(db, { key, platformKeyHash: adminKeyHash }), session: null };
}

/** After the body: a key that was revoked while it was still on its way writes nothing. */
export const authenticateAgain: RequestHandler = async (_req, res, next) => {
  await adminRequestOf(res).confirm();
  next();
};

export function isAuthenticated(res: Response): boolean {
  return res.locals['admin'] !== undefined;
}

/** The request as `authenticate` let it pass. */
export function adminRequestOf(res: Response): AuthenticatedAdmin {
  return res.locals['admin'] as AuthenticatedAdmin;
}
