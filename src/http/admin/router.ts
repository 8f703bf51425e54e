import express, { type Router } from 'express';
import { endpoints } from '../../contract/endpoints.ts';
import type { Database } from '../../platform/database.ts';
import type { ResolveTxt } from '../../provisioning/domain-challenge.ts';
import { problemHandler } from '../problem.ts';
import { addAccessRoutes } from './access-routes.ts';
import { requireAdminKey } from './authenticate.ts';
import { addLogRoutes } from './log-routes.ts';
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
}

/**
 * The admin REST API, to be mounted at `/api/v1` behind `requestContext`. Everything needs the platform admin key; every
 * error is `application/problem+json`. The operations are those of `contract/endpoints.ts`.
 */
export function adminRouter(deps: AdminDependencies): Router {
  const router = express.Router();
  router.use((_req, res, next) => {
    // Answers hold people's data and, once, a token.
    res.set('Cache-Control', 'no-store');
    next();
  });
  router.use(requireAdminKey(deps.adminKeyHash));
  addSettingsRoutes(router, deps);
  addAccessRoutes(router, deps);
  addLogRoutes(router, deps);
  addSchemaRoutes(router, deps);
  router.use(unknownRoute(Object.values(endpoints)));
  router.use(problemHandler);
  return router;
}
