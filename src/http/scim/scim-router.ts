import { Router } from 'express';
import { ScimError } from '../../scim/scim-error.ts';
import { auditRefused } from './audited.ts';
import { createResourceTypeRegistry } from '../../provisioning/resource-type-registry.ts';
import { scimAuthentication } from './authenticate.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { discoveryRoutes } from './discovery-routes.ts';
import { fairTurns } from './fair-turns.ts';
import { groupRoutes } from './group-routes.ts';
import { methodNotAllowed } from './method-not-allowed.ts';
import { mapBodyError, scimBody } from './scim-body.ts';
import { isAuthenticated, scimRequestOf } from './scim-context.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { answerScimError } from './scim-error-answer.ts';
import { searchRoutes } from './search-routes.ts';
import { userRoutes } from './user-routes.ts';

/** The methods that each endpoint understands (RFC 7644 section 3.2, table 2); anything else there is a 405. */
const methods: Readonly<Record<string, string>> = {
  '/Users': 'GET, HEAD, POST',
  '/Users/:id': 'GET, HEAD, PUT, PATCH, DELETE',
  '/Groups': 'GET, HEAD, POST',
  '/Groups/:id': 'GET, HEAD, PUT, PATCH, DELETE',
  '/Bulk': 'POST',
  '/ServiceProviderConfig': 'GET, HEAD',
  '/ResourceTypes': 'GET, HEAD',
  '/ResourceTypes/:id': 'GET, HEAD',
  '/Schemas': 'GET, HEAD',
  '/Schemas/:id': 'GET, HEAD',
};

/**
 * The SCIM ingress, to be mounted at `/api/v1/scim`: the endpoints of each organization under its base URL. Whoever
 * comes here speaks SCIM, so a wrong base URL gets a SCIM error too.
 */
export function scimRouter(dependencies: ScimDependencies): Router {
  const router = Router({ caseSensitive: true });
  router.use('/:organizationId/v2', organizationRouter(dependencies));
  router.use(() => {
    throw new ScimError(
      404,
      undefined,
      'There is no SCIM service at this address. The base URL is /api/v1/scim/{organization id}/v2, as it was shown together with the token.',
    );
  });
  router.use(answerScimError);
  return router;
}

/**
 * Everything below one organization's base URL: authentication, the rate limit, its turn, the body, then the endpoints; every
 * error, also of what is mounted here by nobody, is a SCIM error.
 */
function organizationRouter(dependencies: ScimDependencies): Router {
  const router = Router({ mergeParams: true, caseSensitive: true });
  const { db, limits, shares } = dependencies;
  const authentication = scimAuthentication({ ...dependencies, registry: createResourceTypeRegistry(db) });
  const endpoints = endpointsRouter(dependencies);
  router.use(limits.strangers(isAuthenticated), authentication.first);
  router.use(limits.scim((_req, res) => scimRequestOf(res).caller.organizationId));
  router.use(fairTurns(shares), authentication.onTurn);
  router.use(...scimBody, authentication.afterBody);
  router.use(mapBodyError);
  router.use(endpoints);
  router.use(authentication.beforeRefusal, authentication.whenChanged(endpoints), auditRefused, answerScimError);
  return router;
}

/** The endpoints, for a request that was let pass and whose body is read. */
function endpointsRouter(dependencies: ScimDependencies): Router {
  const router = Router({ caseSensitive: true });
  // The searches first: /Users/.search looks like a user of that id.
  router.use(searchRoutes(dependencies), userRoutes(dependencies), groupRoutes(dependencies));
  router.use(bulkRoutes(dependencies), discoveryRoutes());
  router.all('/Me', () => {
    throw new ScimError(501, undefined, 'The /Me alias is not supported: a provider acts for no single user.');
  });
  for (const [path, allowed] of Object.entries(methods)) router.all(path, methodNotAllowed(allowed));
  router.use((req) => {
    throw new ScimError(
      404,
      undefined,
      `There is no endpoint ${req.path} here. The SCIM base URL ends in /v2; /ResourceTypes lists the endpoints.`,
    );
  });
  return router;
}
