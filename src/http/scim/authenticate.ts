import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { ConditionError, type Condition } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { authenticateScim, type ScimCaller } from '../../provisioning/authenticate-scim.ts';
import { knownCallers } from '../../provisioning/known-callers.ts';
import type { ResourceTypeRegistry } from '../../provisioning/resource-type-registry.ts';
import type { ResourceTypes } from '../../scim/resource-types.ts';
import { contextOf } from '../request-context.ts';
import { leaveUnrecorded, requireCaller } from './audited.ts';
import { isAuthenticated, scimRequestOf, setScimRequest, type ScimRequest } from './scim-context.ts';
import type { ScimDependencies } from './scim-dependencies.ts';

/** `Authorization: Bearer <token>` (RFC 6750 section 2.1); the scheme's case does not matter. */
const bearer = /^Bearer +([^\s]+) *$/i;

/** A request that takes longer than this may outlive its token. */
const recheckAfterMs = 1_000;

/**
 * The requests whose every good answer comes from a statement of their own. Only these may have their token checked by
 * that statement.
 */
const ownStatement = /^\/(?:Users|Groups)(?:\/(?!\.search$)[^/]+)?$/;

export interface ScimAuthentication {
  /**
   * Lets nothing pass without a token of the organization in the path; everything else under the base, even the question
   * whether an endpoint exists, comes after. The body is not read before this, but for a token that was good seconds ago.
   *
   * A token that was good a moment ago is not looked up by itself: the request goes on, and each of its statements runs
   * only if the token is still good then, in the same transaction. So a revocation holds from the next request on, and
   * even for one whose body is still on its way.
   */
  first: RequestHandler<{ organizationId: string }>;
  /**
   * When its turn has come: whoever is only remembered, and asks for something that no statement of its own checks, is
   * looked up; and so is whoever was looked up before it had to wait.
   */
  onTurn: RequestHandler<{ organizationId: string }>;
  /** After the body: whoever leaves SCIM or revokes a token is not to find a write committed that was still on its way. */
  afterBody: RequestHandler;
  /** Where the token, or what went with it, has changed in between: looks up who calls, and has `endpoints` begin anew. */
  whenChanged(endpoints: RequestHandler): ErrorRequestHandler;
  /** Nobody is told what is wrong with a request before it is certain that they may ask, and that it still is wrong. */
  beforeRefusal: ErrorRequestHandler;
}

/** Authentication of one api process. */
export function scimAuthentication({
  db: unlimited,
  publicUrl,
  registry,
  lateEntries,
}: Pick<ScimDependencies, 'db' | 'publicUrl' | 'lateEntries'> & {
  registry: ResourceTypeRegistry;
}): ScimAuthentication {
  const known = knownCallers();
  const credentialOf = (req: Request) => ({
    organizationId: String(req.params['organizationId']),
    token: bearer.exec(req.get('authorization') ?? '')?.[1] ?? '',
  });

  const setRequest = (
    req: Request,
    res: Response,
    { caller, resourceTypes, stands }: { caller: ScimCaller; resourceTypes: ResourceTypes; stands: Condition | null },
    checkedAt: number | null,
  ): void => {
    const context = contextOf(res);
    const { requestId, deadlines } = context;
    const { organizationId, userNameFormat, entryId } = caller;
    // Now: routers change the request's parameters while they handle it.
    const credential = credentialOf(req);
    let lastCheckedAt = checkedAt;
    const db = unlimited.within(deadlines.work);
    // Whoever goes away, or lets the time run out, is looked up all the same.
    const lastDb = unlimited.within(deadlines.lastWords);
    const request: ScimRequest = {
      caller: {
        organizationId,
        userNameFormat,
        cause: { actor: { type: 'scim_token', id: caller.tokenId, name: caller.tokenName }, requestId },
        entryId,
      },
      db: stands === null ? db : db.provided(stands),
      deadline: deadlines.work,
      logDb: lastDb,
      lateEntries,
      baseUrl: `${publicUrl}/api/v1/scim/${organizationId}/v2`,
      resourceTypes,
      receivedAt: caller.receivedAt,
      requestId,
      get logger() {
        return context.logger;
      },
      stands,
      isConfirmed: false,
      hasWaited: false,
      hasBegun: false,
      confirm: async () => {
        if (lastCheckedAt !== null && performance.now() - lastCheckedAt <= recheckAfterMs) return;
        const now = await authenticateScim(lastDb, credential);
        // What the request was refused for may be all right by now.
        if (stands !== null && request.hasBegun && !goesWithTheSame(now, caller)) throw new ConditionError();
        lastCheckedAt = performance.now();
        request.isConfirmed = true;
      },
    };
    setScimRequest(res, request);
  };

  const lookUp = async (req: Request, res: Response): Promise<void> => {
    const credential = credentialOf(req);
    const db = unlimited.within(contextOf(res).deadlines.work);
    const caller = await authenticateScim(db, credential);
    const checkedAt = performance.now();
    const resourceTypes = await registry.at(caller.schemaVersion);
    known.remember(credential.token, caller, resourceTypes, checkedAt);
    setRequest(req, res, { caller, resourceTypes, stands: null }, checkedAt);
  };

  /** For a request that was let pass before: what it is refused for now is not for the organization's log. */
  const lookUpAnew = (req: Request, res: Response): Promise<void> =>
    lookUp(req, res).catch((refusal: unknown) => {
      throw leaveUnrecorded(refusal);
    });

  return {
    first: async (req, res, next) => {
      const { organizationId, token } = credentialOf(req);
      const caller = known.get(organizationId, token);
      if (caller === undefined) await lookUp(req, res);
      else setRequest(req, res, caller, null);
      next();
    },
    onTurn: (req, res, next) => {
      const { stands, hasWaited } = scimRequestOf(res);
      if (stands === null ? !hasWaited : ownStatement.test(req.path)) {
        next();
        return;
      }
      return lookUpAnew(req, res).then(() => next());
    },
    afterBody: async (_req, res, next) => {
      const request = scimRequestOf(res);
      if (request.stands === null) await request.confirm();
      request.hasBegun = true;
      next();
    },
    whenChanged: (endpoints) => async (error: unknown, req, res, next) => {
      if (!(error instanceof ConditionError) || res.headersSent) {
        next(error);
        return;
      }
      const { organizationId, token } = credentialOf(req);
      known.forget(organizationId, token);
      await lookUpAnew(req, res);
      scimRequestOf(res).hasBegun = true;
      await endpoints(req, res, next);
    },
    beforeRefusal: async (error: unknown, _req, res, next) => {
      const isHeldBack = error instanceof DomainError && error.kind === 'too-many-requests';
      const isUnchecked = isAuthenticated(res) && scimRequestOf(res).stands !== null;
      if (isUnchecked && !(error instanceof ConditionError) && !isHeldBack && !res.headersSent)
        await requireCaller(scimRequestOf(res), error);
      next(error);
    },
  };
}

/** Whether a request of either is handled alike. */
function goesWithTheSame(one: ScimCaller, other: ScimCaller): boolean {
  return one.userNameFormat === other.userNameFormat && one.schemaVersion === other.schemaVersion;
}
