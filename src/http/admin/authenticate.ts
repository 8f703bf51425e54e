import { timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { hashAdminKey } from '../../platform/admin-key.ts';
import { DomainError } from '../../platform/errors.ts';

/**
 * Lets only the platform admin key through, in `Authorization: Bearer <key>` (RFC 6750 section 2.1). Hashes are
 * compared, in constant time: how long a refusal takes tells nothing about the key.
 */
export function requireAdminKey(adminKeyHash: Buffer): RequestHandler {
  return (req, _res, next) => {
    const key = /^Bearer +(\S+) *$/i.exec(req.get('authorization') ?? '')?.[1];
    if (key !== undefined && timingSafeEqual(hashAdminKey(key), adminKeyHash)) {
      next();
      return;
    }
    throw new DomainError(
      'unauthenticated',
      'invalid-admin-key',
      'The admin key is missing or wrong. Send it as "Authorization: Bearer <admin key>"; ' +
        'it is the value of ROLLCALL_ADMIN_KEY, or the key that the first start printed.',
    );
  };
}
