import { databaseClock } from '../../platform/database-clock.ts';
import { ConditionError } from '../../platform/database-errors.ts';
import type { Condition } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { newIdAt } from '../../platform/ids.ts';
import { authenticateScim, type ScimCaller } from '../../provisioning/authenticate-scim.ts';
import { knownCallers } from '../../provisioning/known-callers.ts';
import type { ResourceTypeRegistry } from '../../provisioning/resource-type-registry.ts';
import type { ResourceTypes } from '../../scim/resource-types.ts';
import { leaveUnrecorded, requireCaller } from './audited.ts';
import { requestOf, type Exchange } from './exchange.ts';
import type { ScimDependencies } from './scim-dependencies.ts';
import type { ScimRequest } from './scim-request.ts';

/** `Authorization: Bearer <token>` (RFC 6750 section 2.1); the scheme's case does not matter. */
const bearer = /^Bearer +([^\s]+) *$/i;

/** A request that takes longer than this may outlive its token. */
const recheckAfterMs = 1_000;

/**
 * The requests whose every good answer comes from a statement of their own. Only these may have their token checked by
 * that statement.
 */
const ownStatement = /^\/(?:Users|Groups)(?:\/(?!\.search$)[^/]+)?$/;

/** Says who calls. All of it is about one exchange, and sets its request. */
export interface ScimAuthentication {
  /**
   * Lets nothing pass without a token of the organization in the path; everything else under the base, even the question
   * whether an endpoint exists, comes after. The body is not read before this, but for a token that was good seconds ago.
   *
   * A token that was good a moment ago is not looked up by itself: the request goes on, and each of its statements runs
   * only if the token is still good then, in the same transaction. So a revocation holds from the next request on, and
   * even for one whose body is still on its way.
   *
   * @throws DomainError `unauthenticated`, `forbidden`
   */
  authenticate(exchange: Exchange): Promise<void>;
  /**
   * When its turn has come: whoever is only remembered, and asks for something that no statement of its own checks, is
   * looked up; and so is whoever was looked up before it had to wait.
   */
  authenticateOnTurn(exchange: Exchange): Promise<void>;
  /** After the body: whoever leaves SCIM or revokes a token is not to find a write committed that was still on its way. */
  authenticateAfterBody(exchange: Exchange): Promise<void>;
  /**
   * Where the token, or what went with it, has changed in between: looks up who calls, so that the endpoint can begin anew.
   */
  authenticateAnew(exchange: Exchange): Promise<void>;
  /**
   * Nobody is told what is wrong with a request before it is certain that they may ask, and that it still is wrong.
   *
   * @throws what they are told instead; ConditionError where the endpoint has to begin anew
   */
  beforeRefusal(exchange: Exchange, error: unknown): Promise<void>;
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
  const clock = databaseClock();

  const setRequest = (
    exchange: Exchange,
    { caller, resourceTypes, stands }: { caller: ScimCaller; resourceTypes: ResourceTypes; stands: Condition | null },
    checkedAt: number | null,
  ): void => {
    const { context } = exchange;
    const { requestId, deadlines } = context;
    const { organizationId, userNameFormat } = caller;
    let entryId: string | undefined;
    let lastCheckedAt = checkedAt;
    const db = unlimited.within(deadlines.work);
    // Whoever goes away, or lets the time run out, is looked up all the same.
    const lastDb = unlimited.within(deadlines.lastWords);
    const request: ScimRequest = {
      caller: {
        organizationId,
        userNameFormat,
        cause: { actor: { type: 'scim_token', id: caller.tokenId, name: caller.tokenName }, requestId },
        // Made when it is asked for, so that the entries of an organization stand in the order of their writes.
        get entryId() {
          return (entryId ??= newIdAt(clock.now()));
        },
      },
      db: stands === null ? db : db.provided(stands),
      deadline: deadlines.work,
      logDb: lastDb,
      lateEntries,
      baseUrl: `${publicUrl}/api/v1/scim/${organizationId}/v2`,
      resourceTypes,
      receivedAt: new Date(clock.now()),
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
        const now = await authenticateScim(lastDb, credentialsOf(exchange));
        // What the request was refused for may be all right by now.
        if (stands !== null && request.hasBegun && !goesWithTheSame(now, caller)) throw new ConditionError();
        lastCheckedAt = performance.now();
        request.isConfirmed = true;
      },
    };
    exchange.request = request;
  };

  const lookUp = async (exchange: Exchange): Promise<void> => {
    const db = unlimited.within(exchange.context.deadlines.work);
    const credentials = credentialsOf(exchange);
    const askedAt = performance.now();
    const caller = await authenticateScim(db, credentials);
    const checkedAt = performance.now();
    clock.observe(caller.at, askedAt, checkedAt);
    const resourceTypes = await registry.at(caller.schemaVersion);
    const { credential, req } = exchange;
    // Other spellings are other names: whoever has one token is not to fill the memory with them.
    const isUsual = req.headers.authorization === `Bearer ${credentials.token}`;
    if (credential !== null && isUsual) known.remember(credential, { caller, resourceTypes }, checkedAt);
    setRequest(exchange, { caller, resourceTypes, stands: null }, checkedAt);
  };

  /** For a request that was let pass before: what it is refused for now is not for the organization's log. */
  const lookUpAnew = (exchange: Exchange): Promise<void> =>
    lookUp(exchange).catch((refusal: unknown) => {
      throw leaveUnrecorded(refusal);
    });

  return {
    authenticate: async (exchange) => {
      const { organizationId, credential } = exchange;
      const caller = credential === null ? undefined : known.get(organizationId, credential);
      if (caller === undefined) await lookUp(exchange);
      else setRequest(exchange, caller, null);
    },
    authenticateOnTurn: async (exchange) => {
      const { stands, hasWaited } = requestOf(exchange);
      if (stands === null ? hasWaited : !ownStatement.test(exchange.path)) await lookUpAnew(exchange);
    },
    authenticateAfterBody: async (exchange) => {
      const request = requestOf(exchange);
      if (request.stands === null) await request.confirm();
      request.hasBegun = true;
    },
    authenticateAnew: async (exchange) => {
      const { organizationId, credential } = exchange;
      if (credential !== null) known.forget(organizationId, credential);
      await lookUpAnew(exchange);
      requestOf(exchange).hasBegun = true;
    },
    beforeRefusal: async ({ request, res }, error) => {
      const isHeldBack = error instanceof DomainError && error.kind === 'too-many-requests';
      const isUnchecked = request !== null && request.stands !== null;
      if (isUnchecked && !(error instanceof ConditionError) && !isHeldBack && !res.headersSent)
        await requireCaller(request, error);
    },
  };
}

function credentialsOf({ organizationId, req }: Exchange): { organizationId: string; token: string } {
  return { organizationId, token: bearer.exec(req.headers.authorization ?? '')?.[1] ?? '' };
}

/** Whether a request of either is handled alike. */
function goesWithTheSame(one: ScimCaller, other: ScimCaller): boolean {
  return one.userNameFormat === other.userNameFormat && one.schemaVersion === other.schemaVersion;
}
