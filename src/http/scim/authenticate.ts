import type { RequestHandler } from 'express';
import { authenticateScim } from '../../provisioning/authenticate-scim.ts';
import type { ResourceTypeRegistry } from '../../provisioning/resource-type-registry.ts';
import { contextOf } from '../request-context.ts';
import { scimRequestOf, setScimRequest } from './scim-context.ts';
import type { ScimDependencies } from './scim-dependencies.ts';

/** `Authorization: Bearer <token>` (RFC 6750 section 2.1); the scheme's case does not matter. */
const bearer = /^Bearer +([^\s]+) *$/i;

/** A request that takes longer than this may outlive its token. */
const recheckAfterMs = 1_000;

/**
 * Lets nothing pass without a token of the organization in the path; everything else under the base, even the question
 * whether an endpoint exists, comes after. The body is not read before this.
 */
export function authenticate({
  db: unlimited,
  publicUrl,
  registry,
  lateEntries,
}: Pick<ScimDependencies, 'db' | 'publicUrl' | 'lateEntries'> & {
  registry: ResourceTypeRegistry;
}): RequestHandler<{ organizationId: string }> {
  return async (req, res, next) => {
    const { organizationId } = req.params;
    const token = bearer.exec(req.get('authorization') ?? '')?.[1] ?? '';
    const { requestId, logger, deadlines } = contextOf(res);
    const db = unlimited.within(deadlines.work);
    const check = () => authenticateScim(db, { organizationId, token });
    const { tokenId, tokenName, userNameFormat, receivedAt, schemaVersion, entryId } = await check();
    let checkedAt = performance.now();
    setScimRequest(res, {
      caller: {
        organizationId,
        userNameFormat,
        cause: { actor: { type: 'scim_token', id: tokenId, name: tokenName }, requestId },
        entryId,
      },
      db,
      deadline: deadlines.work,
      logDb: unlimited.within(deadlines.lastWords),
      lateEntries,
      baseUrl: `${publicUrl}/api/v1/scim/${organizationId}/v2`,
      resourceTypes: await registry.at(schemaVersion),
      receivedAt,
      requestId,
      logger,
      confirm: async () => {
        if (performance.now() - checkedAt <= recheckAfterMs) return;
        await check();
        checkedAt = performance.now();
      },
    });
    next();
  };
}

/** After the body: whoever leaves SCIM or revokes a token is not to find a write committed that was still on its way. */
export const authenticateAgain: RequestHandler = async (_req, res, next) => {
  await scimRequestOf(res).confirm();
  next();
};
