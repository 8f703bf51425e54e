import type { DomainErrorKind } from '../platform/errors.ts';

/** The HTTP status of each kind of domain error, the same in every protocol that is spoken here. */
export const domainStatus: Readonly<Record<DomainErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  timeout: 408,
  conflict: 409,
  'precondition-failed': 412,
  'too-large': 413,
  'too-many-requests': 429,
  unavailable: 503,
};

/** `Retry-After` of a 503, in seconds: enough for a failover or a lock to pass, little for whoever waits. */
export const retryAfterSeconds = 2;
