import type { Router } from 'express';
import { adminKeyEndpoints } from '../../contract/admin-keys.ts';
import type { Database } from '../../platform/database.ts';
import { createAdminKey, listAdminKeys, revokeAdminKey } from '../../provisioning/admin-keys.ts';
import { route, type RouteDependencies } from './route.ts';

/** Admin keys of an organization. */
export function addAdminKeyRoutes(router: Router, deps: RouteDependencies & { db: Database }): void {
  route(router, deps, adminKeyEndpoints.createAdminKey, ({ db, params, body, cause }) =>
    createAdminKey(db, { ...params, ...body, cause }),
  );
  route(router, deps, adminKeyEndpoints.listAdminKeys, ({ db, params, query }) =>
    listAdminKeys(db, { ...params, ...query }),
  );
  route(router, deps, adminKeyEndpoints.revokeAdminKey, ({ db, params, cause }) =>
    revokeAdminKey(db, { ...params, cause }),
  );
}
