import express, { type Router } from 'express';
import { endpoints } from '../../contract/endpoints.ts';
import type { Database } from '../../platform/database.ts';
import type { ResolveTxt } from '../../provisioning/domain-challenge.ts';
import { problemHandler } from '../problem.ts';
import { addSessionRoutes, addSignInRoute } from '../session/session-routes.ts';
import { addAccessRoutes } from './access-routes.ts';
import type { RateLimits } from '../rate-limits.ts';
import { addAdminKeyRoutes } from './admin-key-routes.ts';
import { adminRequestOf, authenticate, isAuthenticated } from './authenticate.ts';
import { organizationIn } from '../route-class.ts';
import { addLogRoutes } from './log-routes.ts';
import { addOperationsRoutes, type OperationsDependencies } from './operations-routes.ts';
import { unknownRoute } from './route.ts';
import { addSchemaRoutes } from './schema-routes.ts';
import { addSettingsRoutes } from './settings-routes.ts';

export interface AdminDependencies {
  db: Database;
  /** SHA-256 of the platform admin key. */
  adminKeyHash: Buffer;
  /** Base of every URL that is handed out, without a trailing slash. Asked late: a port may be known only then. */
  publicUrl: () => string;
  /** Tells the dispatcher, after commit, that there may be jobs. Never throws. */
  nudge: () => void;
  /** Looks TXT records up, to verify domains; `resolveTxt` of node:dns/promises outside of tests. */
  resolveTxt: ResolveTxt;
  depth: OperationsDependencies['depth'];
  limits: Pick<RateLimits, 'admin' | 'strangers' | 'signIn' | 'signedIn'>;
  /** Entries of the sync log that are older are not shown; null: all are. */
  syncLogRetentionDays: number | null;
}

/**
 * The admin REST API, to be mounted at `/api/v1` behind `requestContext`. Everything needs an admin key, or the session
 * that one opened; what it may is in `contract/authorization.ts`. Every error is `application/problem+json`. The
 * operations are those of `contract/endpoints.ts`.
 */
export function adminRouter(deps: AdminDependencies): Router {
  const router = express.Router();
  router.use((_req, res, next) => {
    // Answers hold people's data and, once, a token.
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.use(deps.limits.strangers(isAuthenticated));
  addSignInRoute(router, deps);
  router.use(authenticate(deps));
  router.use(
    deps.limits.admin(
      (req, res) => adminRequestOf(res).caller.organizationId ?? organizationIn(req.originalUrl) ?? 'platform',
    ),
  );

  addSessionRoutes(router, deps);
  addSettingsRoutes(router, deps);
  addAdminKeyRoutes(router, deps);
  addAccessRoutes(router, deps);
  addLogRoutes(router, deps);
  addOperationsRoutes(router, deps);
  addSchemaRoutes(router, deps);
  router.use(unknownRoute(Object.values(endpoints)));
  router.use(problemHandler);
  return router;
}
