import type { IncomingMessage, ServerResponse } from 'node:http';
import { ConditionError } from '../../platform/database-errors.ts';
import { createResourceTypeRegistry } from '../../provisioning/resource-type-registry.ts';
import { ScimError } from '../../scim/scim-error.ts';
import type { ClientAddress } from '../client-address.ts';
import { nameOfCredential } from '../rate-limits.ts';
import type { BeginRequest, RequestContext } from '../request-context.ts';
import { pathOf, queryOf } from '../request-target.ts';
import { auditRefused } from './audited.ts';
import { scimAuthentication } from './authenticate.ts';
import { findEndpoint } from './endpoints.ts';
import { requestOf, type Exchange } from './exchange.ts';
import { takeTurn } from './fair-turns.ts';
import { readBody } from './scim-body.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import { answerScimError } from './scim-error-answer.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { thrownBy } from './thrown-by.ts';

/** In any letter case, as everywhere in the service. */
const base = /^\/api\/v1\/scim(?:\/|$)/i;

/** Whether a request is the ingress's to answer. Whoever comes there speaks SCIM, so a wrong base URL gets a SCIM error too. */
export function isForScim(req: Pick<IncomingMessage, 'url'>): boolean {
  return base.test(pathOf(req));
}

/** What follows `base`: an organization, and what is below its base URL. */
const belowBase = /^([^/]+)\/v2(\/.*)?$/;

/**
 * The SCIM ingress: the endpoints of each organization under `/api/v1/scim/{organization id}/v2`.
 *
 * It stands on Node's requests and answers alone, because it is what is asked by far the most: within Express, whose
 * layers give each request and answer another prototype, reading a user took two and a half times the CPU
 * (docs/performance.md).
 */
export function scimIngress(
  dependencies: ScimDependencies & { begin: BeginRequest; addressOf: ClientAddress },
): (req: IncomingMessage, res: ServerResponse) => void {
  const { db, limits, shares, begin, addressOf, publicUrl } = dependencies;
  const authentication = scimAuthentication({ ...dependencies, registry: createResourceTypeRegistry(db) });
  const perform = findEndpoint(dependencies);
  const isSecure = publicUrl.startsWith('https:');

  /**
   * Who may call is let through, at the pace of their organization, and what they sent is read.
   *
   * @returns false: the client went away while it waited, and nothing was begun
   */
  const admit = async (exchange: Exchange): Promise<boolean> => {
    const { req, res, credential } = exchange;
    limits.meet({
      res,
      credential,
      address: addressOf(req),
      isAuthenticated: () => exchange.request !== null,
      isTurnedAway: () => false,
    });
    await authentication.authenticate(exchange);
    await limits.takeScim(requestOf(exchange).caller.organizationId);
    if (!(await takeTurn(shares, exchange))) return false;
    await authentication.authenticateOnTurn(exchange);
    exchange.body = await readBody(exchange);
    await authentication.authenticateAfterBody(exchange);
    return true;
  };

  const refuse = async (exchange: Exchange, error: unknown): Promise<void> => {
    let refusal = (await thrownBy(() => authentication.beforeRefusal(exchange, error))) ?? error;
    if (refusal instanceof ConditionError && !exchange.res.headersSent) {
      const again = await thrownBy(async () => {
        await authentication.authenticateAnew(exchange);
        await perform(exchange);
      });
      if (again === undefined) return;
      refusal = again;
    }
    await auditRefused(exchange, refusal);
    answerScimError(exchange, refusal);
  };

  const handle = async (req: IncomingMessage, res: ServerResponse, context: RequestContext): Promise<void> => {
    try {
      setSecurityHeaders(res, isSecure);
      const exchange = openExchange(req, res, context);
      try {
        if (await admit(exchange)) await perform(exchange);
      } catch (error) {
        await refuse(exchange, error);
      }
    } catch (error) {
      answerScimError({ req, res, context }, error);
    }
  };

  return (req, res) => {
    const context = begin(req, res);
    handle(req, res, context).catch((err: unknown) => {
      context.logger.error({ err }, 'a SCIM error could not be answered');
      res.destroy();
    });
  };
}

/** @throws ScimError 404 where the address is not below a base URL; URIError */
function openExchange(req: IncomingMessage, res: ServerResponse, context: RequestContext): Exchange {
  const [, organization, path = '/'] = belowBase.exec(pathOf(req).replace(base, '')) ?? [];
  if (organization === undefined) {
    throw new ScimError(
      404,
      undefined,
      'There is no SCIM service at this address. The base URL is /api/v1/scim/{organization id}/v2, as it was shown together with the token.',
    );
  }
  return {
    req,
    res,
    context,
    organizationId: decodeURIComponent(organization),
    path,
    query: queryOf(req),
    credential: nameOfCredential(req),
    body: undefined,
    turn: null,
    request: null,
  };
}
