import { DomainError } from '../platform/errors.ts';
import { matchesVersion } from '../scim/etag.ts';

/**
 * `If-Match` (RFC 7644 section 3.14): the change is wanted only for the version that the client has read.
 *
 * @param ifMatch the header, if the request had one
 * @throws DomainError `version-mismatch` when it names another version than the present one
 */
export function requireVersion(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || matchesVersion(ifMatch, version)) return;
  throw new DomainError(
    'precondition-failed',
    'version-mismatch',
    'The resource has changed since this version was read. Read it again and repeat the change.',
  );
}
