import type { RequestHandler, Response } from 'express';
import type { Database } from '../../platform/database.ts';
import { authenticateAdmin, type AdminCaller } from '../../provisioning/authenticate-admin.ts';
import { contextOf } from '../request-context.ts';

/** An authenticated request of the admin API. */
export interface AuthenticatedAdmin {
  caller: AdminCaller;
  /** Checks the key again if that is more than a moment ago. Throws as authentication does. */
  confirm(): Promise<void>;
}

/** A request that takes longer than this may outlive its key. */
const recheckAfterMs = 1_000;

/** Lets only admin keys through, in `Authorization: Bearer <key>` (RFC 6750 section 2.1). The body is not read before. */
export function authenticate({ db: unlimited, adminKeyHash }: { db: Database; adminKeyHash: Buffer }): RequestHandler {
  return async (req, res, next) => {
    const key = /^Bearer +(\S+) *$/i.exec(req.get('authorization') ?? '')?.[1];
    const db = unlimited.within(contextOf(res).deadlines.work);
    const check = () => authenticateAdmin(db, { key, platformKeyHash: adminKeyHash });
    const caller = await check();
    let checkedAt = performance.now();
    const authenticated: AuthenticatedAdmin = {
      caller,
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
