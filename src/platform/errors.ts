/** What a caller can do about a domain error; each protocol maps a kind to its own status once. */
export type DomainErrorKind =
  | 'invalid' // the request itself is wrong: 400
  | 'unauthenticated' // no or no valid credential: 401
  | 'forbidden' // known, but not allowed: 403
  | 'not-found' // 404
  | 'timeout' // the request did not arrive in time: 408
  | 'conflict' // the current state forbids it: 409
  | 'precondition-failed' // a version the caller named is not the current one: 412
  | 'too-large' // 413
  | 'too-many-requests' // 429, `details.retryAfterSeconds` says when a retry helps
  | 'unavailable'; // a dependency is away, a retry helps: 503

/**
 * Base of every error that a user may see. `message` is written for that user: what is wrong and what to do next,
 * never an internal detail. `code` is stable and machine readable (kebab-case).
 */
export class DomainError extends Error {
  readonly kind: DomainErrorKind;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(kind: DomainErrorKind, code: string, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'DomainError';
    this.kind = kind;
    this.code = code;
    this.details = details;
  }
}

/** The thing named by `what` (a noun: "organization", "group") is not there, or belongs to another organization. */
export class NotFoundError extends DomainError {
  constructor(what: string, id: string) {
    super(
      'not-found',
      `${what.toLowerCase().replaceAll(' ', '-')}-not-found`,
      `There is no ${what} with the id ${shown(id)}. It may have been deleted; list what there is, and use an id from there.`,
      { id: shown(id) },
    );
    this.name = 'NotFoundError';
  }
}

/** Whatever somebody sent as an id, as a message and a log entry can carry it. */
function shown(id: string): string {
  return id.length > 80 ? `${id.slice(0, 77)}...` : id;
}

/** What was thrown, as an error: JavaScript throws anything. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
