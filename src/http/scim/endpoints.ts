import { ScimError } from '../../scim/scim-error.ts';
import { bulkEndpoint } from './bulk-endpoint.ts';
import { discoveryEndpoints } from './discovery-endpoints.ts';
import { requestOf, type Endpoints, type Exchange, type Handler } from './exchange.ts';
import { groupEndpoints } from './group-endpoints.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { searchEndpoints } from './search-endpoints.ts';
import { sendNothing } from './send-json.ts';
import { userEndpoints } from './user-endpoints.ts';

type Methods = Endpoints[string];

/**
 * What does what an exchange asks for, after it was let through.
 *
 * It throws ScimError 404 where there is no such endpoint, 405 where it does not understand the method, 501 for `/Me`; and
 * what the endpoint throws. OPTIONS tells in `Allow` which methods there are, as plain HTTP does (RFC 9110 section 9.3.7).
 */
export function findEndpoint(dependencies: ScimDependencies): (exchange: Exchange) => Promise<void> | void {
  const all = Object.entries({
    ...userEndpoints(dependencies),
    ...groupEndpoints(dependencies),
    ...searchEndpoints(dependencies),
    ...bulkEndpoint(dependencies),
    ...discoveryEndpoints(),
  });
  const ofOne = /^(.*)\/:id$/;
  const wholes = new Map<string, Methods>(all.filter(([path]) => !ofOne.test(path)));
  /** By the path of their collection. */
  const singles = new Map<string, Methods>(
    all.flatMap(([path, methods]) => {
      const collection = ofOne.exec(path)?.[1];
      return collection === undefined ? [] : [[collection, methods]];
    }),
  );

  return (exchange) => {
    // A slash at the end makes no difference.
    const path = exchange.path.length > 1 ? exchange.path.replace(/\/$/, '') : exchange.path;
    const whole = wholes.get(path);
    // What stands for itself first: /Users/.search would pass for a user of that id.
    if (whole !== undefined) return handlerOf(whole, exchange)(exchange, requestOf(exchange), '');
    const [, collection = '', id] = /^(\/[^/]+)\/([^/]+)$/.exec(path) ?? [];
    const single = singles.get(collection);
    if (single !== undefined && id !== undefined)
      return handlerOf(single, exchange)(exchange, requestOf(exchange), decodeURIComponent(id));
    if (path === '/Me') {
      throw new ScimError(501, undefined, 'The /Me alias is not supported: a provider acts for no single user.');
    }
    throw new ScimError(
      404,
      undefined,
      `There is no endpoint ${exchange.path} here. The SCIM base URL ends in /v2; /ResourceTypes lists the endpoints.`,
    );
  };
}

function handlerOf(methods: Methods, { req }: Exchange): Handler {
  const method = req.method === 'HEAD' ? 'GET' : (req.method ?? '');
  const handler = Object.hasOwn(methods, method) ? methods[method as keyof Methods] : undefined;
  if (handler !== undefined) return handler;
  const allowed = Object.keys(methods)
    .flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
    .join(', ');
  return ({ res }) => {
    res.setHeader('Allow', allowed);
    if (method !== 'OPTIONS')
      throw new ScimError(405, undefined, `${method} is not possible here; this endpoint understands ${allowed}.`);
    sendNothing(res, 204);
  };
}
