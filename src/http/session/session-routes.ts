import type { Router } from 'express';
import { sessionEndpoints, type SessionAnswer } from '../../contract/session.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import type { AdminCaller } from '../../provisioning/authenticate-admin.ts';
import { endSession, signIn } from '../../provisioning/console-sessions.ts';
import { getOrganization } from '../../provisioning/organizations.ts';
import { adminRequestOf } from '../admin/authenticate.ts';
import { openRoute, route, type RouteDependencies } from '../admin/route.ts';
import type { RateLimits } from '../rate-limits.ts';
import { contextOf } from '../request-context.ts';
import { foreignOrigin, isFromOwnPage } from './own-origin.ts';
import { clearSessionCookie, sessionCookieOf, setSessionCookie } from './session-cookie.ts';

interface SessionDependencies extends RouteDependencies {
  db: Database;
  adminKeyHash: Buffer;
  publicUrl: () => string;
  limits: Pick<RateLimits, 'signIn' | 'signedIn'>;
}

/** Signing in; to be put in front of authentication. */
export function addSignInRoute(router: Router, deps: SessionDependencies): void {
  const { db, adminKeyHash: platformKeyHash, publicUrl, limits } = deps;
  openRoute(router, sessionEndpoints.createSession, async ({ body, req, res }) => {
    const { requestId, logger, metrics } = contextOf(res);
    // Otherwise another site could sign somebody in as somebody else.
    if (isFromOwnPage(req, publicUrl()) === false) throw foreignOrigin();
    const { adminKey } = body;
    limits.signIn(req, adminKey);
    const secure = publicUrl().startsWith('https:');
    try {
      const previous = sessionCookieOf(req, secure);
      const { caller, session, cookie } = await signIn(db, { adminKey, platformKeyHash, previous, requestId });
      limits.signedIn(req, adminKey);
      setSessionCookie(res, cookie, secure);
      logger.info({ actor: caller.actor, organizationId: caller.organizationId }, 'signed in to the console');
      return await sessionAnswer(db, caller, session.expiresAt);
    } catch (error) {
      if (error instanceof DomainError && error.kind === 'unauthenticated') {
        metrics.countConsoleSignInFailure();
        logger.warn({ address: req.ip }, 'a sign-in to the console was refused');
      }
      throw error;
    }
  });
}

/** Asking who one is, and signing out. */
export function addSessionRoutes(router: Router, deps: SessionDependencies): void {
  const { db, publicUrl } = deps;
  route(router, deps, sessionEndpoints.getSession, ({ res }) => {
    const { caller, session } = adminRequestOf(res);
    return sessionAnswer(db, caller, session?.expiresAt ?? null);
  });
  route(router, deps, sessionEndpoints.deleteSession, async ({ res }) => {
    const { session } = adminRequestOf(res);
    if (session !== null) await endSession(db, session.id);
    clearSessionCookie(res, publicUrl().startsWith('https:'));
  });
}

async function sessionAnswer(db: Database, caller: AdminCaller, expiresAt: Date | null): Promise<SessionAnswer> {
  const { role, organizationId, actor } = caller;
  const organization = organizationId === null ? null : await getOrganization(db, organizationId);
  return {
    scope: organization === null ? 'platform' : 'organization',
    role: role === 'viewer' ? 'viewer' : 'admin',
    organization: organization && { id: organization.id, name: organization.name },
    keyName: actor.name ?? '',
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}
