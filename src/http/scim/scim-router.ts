import { Router, type RequestHandler } from 'express';
import { ScimError } from '../../scim/scim-error.ts';
import { authenticate } from './authenticate.ts';
import { discoveryRoutes } from './discovery-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { mapBodyError, scimBody } from './scim-body.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { answerScimError } from './scim-error-answer.ts';
import { userRoutes } from './user-routes.ts';

/** The methods that each endpoint understands (RFC 7644 section 3.2, table 2); anything else there is a 405. */
const methods: Readonly<Record<string, string>> = {
  '/Users': 'GET, POST',
  '/Users/:id': 'GET, PUT, PATCH, DELETE',
  '/Groups': 'GET, POST',
  '/Groups/:id': 'GET, PUT, PATCH, DELETE',
  '/ServiceProviderConfig': 'GET',
  '/ResourceTypes': 'GET',
  '/ResourceTypes/:id': 'GET',
  '/Schemas': 'GET',
  '/Schemas/:id': 'GET',
};

/**
 * The SCIM ingress, to be mounted at `/api/v1/scim/:organizationId/v2`: authentication, then the body, then the
 * endpoints; every error, also of what is mounted here by nobody, is a SCIM error.
 */
export function scimRouter(dependencies: ScimDependencies): Router {
  const router = Router({ mergeParams: true, caseSensitive: true });
  router.use(authenticate(dependencies.db), ...scimBody);
  router.use(mapBodyError);
  router.use(userRoutes(dependencies), groupRoutes(dependencies), discoveryRoutes(dependencies));
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
  router.use(answerScimError);
  return router;
}

function methodNotAllowed(allowed: string): RequestHandler {
  return (req, res) => {
    res.set('Allow', allowed);
    throw new ScimError(405, undefined, `${req.method} is not possible here; this endpoint understands ${allowed}.`);
  };
}
