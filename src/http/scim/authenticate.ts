import type { RequestHandler } from 'express';
import type { Database } from '../../platform/database.ts';
import { authenticateScim } from '../../provisioning/authenticate-scim.ts';
import { setCaller } from './scim-context.ts';

/** `Authorization: Bearer <token>` (RFC 6750 section 2.1); the scheme's case does not matter. */
const bearer = /^Bearer +([^\s]+) *$/i;

/**
 * Lets nothing pass without a token of the organization in the path; everything else under the base, even the question
 * whether an endpoint exists, comes after. The body is not read before this.
 */
export function authenticate(db: Database): RequestHandler<{ organizationId: string }> {
  return async (req, res, next) => {
    const token = bearer.exec(req.get('authorization') ?? '')?.[1] ?? '';
    setCaller(res, await authenticateScim(db, { organizationId: req.params.organizationId, token }));
    next();
  };
}
