import type { RequestHandler } from 'express';
import { mayDo, permissions, type Permission } from '../../contract/authorization.ts';
import type { Endpoint } from '../../contract/endpoint.ts';
import { DomainError, NotFoundError } from '../../platform/errors.ts';
import type { AdminCaller } from '../../provisioning/authenticate-admin.ts';
import { adminRequestOf } from './authenticate.ts';

/**
 * Whether the caller may do this at all, by `contract/authorization.ts`; asked before the body is read. To a key of an
 * organization every other one is unknown: it hears the same words, and the database is not asked either way.
 */
export function authorize(endpoint: Endpoint): RequestHandler {
  const permission = permissionOf(endpoint);
  return (req, res, next) => {
    const { caller } = adminRequestOf(res);
    const { organizationId } = req.params;
    if (caller.organizationId !== null && typeof organizationId === 'string') {
      // Ids are the same in any case, as they are to Postgres.
      if (organizationId.toLowerCase() !== caller.organizationId) {
        throw new NotFoundError('organization', organizationId);
      }
    }
    if (!mayDo(caller.role, permission)) throw notAllowed(caller, permission);
    next();
  };
}

/**
 * Refuses fields that only the platform may send.
 *
 * @throws DomainError `forbidden` (`role-insufficient`) naming the field
 */
export function requireFields(caller: AdminCaller, endpoint: Endpoint, body: unknown): void {
  if (caller.role === 'platform' || typeof body !== 'object' || body === null) return;
  const { platformFields = [] } = permissionOf(endpoint);
  const sent = platformFields.find((field) => field in body);
  if (sent === undefined) return;
  throw new DomainError(
    'forbidden',
    'role-insufficient',
    `Only the platform admin may set "${sent}". Leave it out, or ask the operator of this service.`,
    { errors: [{ field: sent, message: 'needs the platform admin key' }] },
  );
}

function permissionOf(endpoint: Endpoint): Permission {
  const permission = (permissions as Readonly<Record<string, Permission>>)[endpoint.operationId];
  // Not even the platform's: an operation that nobody thought about is not served.
  if (permission === undefined) throw new Error(`contract/authorization.ts has no row for ${endpoint.operationId}`);
  return permission;
}

function notAllowed({ role }: AdminCaller, { least }: Permission): DomainError {
  const needed = least === 'platform' ? 'the platform admin key' : `an admin key of the role "${least}"`;
  return new DomainError(
    'forbidden',
    'role-insufficient',
    `This key has the role "${role}" in its organization; what you ask for needs ${needed}.`,
  );
}
