import type { ErrorRequestHandler, Response } from 'express';
import type { Problem } from '../contract/problem.ts';
import { isTemporary, OutcomeUnknownError } from '../platform/database-errors.ts';
import { DomainError, type DomainErrorKind } from '../platform/errors.ts';
import { redactSecrets } from '../platform/redact-secrets.ts';
import { domainStatus, retryAfterSeconds } from './domain-status.ts';
import { contextOf } from './request-context.ts';

/** The name of each kind of domain error, in this protocol. */
const titles: Readonly<Record<DomainErrorKind, string>> = {
  invalid: 'Invalid request',
  unauthenticated: 'Not authenticated',
  forbidden: 'Forbidden',
  'not-found': 'Not found',
  timeout: 'Request timeout',
  conflict: 'Conflict',
  'precondition-failed': 'Precondition failed',
  'too-large': 'Too large',
  'too-many-requests': 'Too many requests',
  unavailable: 'Unavailable',
};

/** What body-parser refuses, by the `type` that it gives its errors. */
const bodyErrors: Record<string, { status: number; title: string; detail: string }> = {
  'entity.parse.failed': {
    status: 400,
    title: 'Malformed JSON',
    detail: 'The body is not valid JSON. Correct it and send the request again.',
  },
  'entity.too.large': { status: 413, title: 'Too large', detail: 'The body is too large. Send less at once.' },
  'charset.unsupported': { status: 415, title: 'Unsupported media type', detail: 'Send the body as JSON in UTF-8.' },
  'encoding.unsupported': {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send the body uncompressed, or compressed with gzip, deflate or br.',
  },
};

/**
 * The last handler of the admin API: every error as `application/problem+json` (RFC 9457). What a caller can act on is
 * said; anything else is logged and answered with a 500 that tells nothing.
 */
export const problemHandler: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const { logger, requestId } = contextOf(res);
  const problem = problemOf(error);
  if (problem.status >= 500) logger.error({ err: error }, problem.title);
  // A stream broke off in the middle: all that is left is to close the connection.
  if (res.headersSent) {
    next(error);
    return;
  }
  sendProblem(res, { ...problem, requestId });
};

export function sendProblem(res: Response, problem: Problem): void {
  if (problem.status === 401) res.set('WWW-Authenticate', 'Bearer realm="Rollcall admin API"');
  const wait = typeof problem['retryAfterSeconds'] === 'number' ? problem['retryAfterSeconds'] : retryAfterSeconds;
  if (problem.status === 503 || problem.status === 429) res.set('Retry-After', String(wait));
  // Messages repeat what was sent, which may be a key in the place of an id.
  res
    .status(problem.status)
    .type('application/problem+json')
    .send(redactSecrets(JSON.stringify(problem)));
}

/** A problem by its stable code. */
export function makeProblem(input: Omit<Problem, 'type'>): Problem {
  return { type: `urn:rollcall:problem:${String(input.code)}`, ...input } as Problem;
}

function problemOf(error: unknown): Problem {
  if (error instanceof DomainError) {
    const status = domainStatus[error.kind];
    const title = titles[error.kind];
    return makeProblem({ ...error.details, title, status, detail: error.message, code: error.code });
  }
  if (error instanceof OutcomeUnknownError) {
    return makeProblem({
      title: 'Unavailable',
      status: 503,
      detail:
        'The connection to the database was lost at the end, and whether this was done is not known. ' +
        'Look at what you wanted to change before you send the request again; the sync log has an entry if it was done.',
      code: 'outcome-unknown',
    });
  }
  if (isTemporary(error)) {
    return makeProblem({
      title: 'Unavailable',
      status: 503,
      detail: 'The service cannot do this just now; nothing was changed. Send the request again in a few seconds.',
      code: 'temporarily-unavailable',
    });
  }
  return bodyProblem(error) ?? internalProblem();
}

/** Errors that Express and body-parser raise before our code is reached. */
function bodyProblem(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  if (error.status < 400 || error.status > 499) return undefined;
  const known = 'type' in error && typeof error.type === 'string' ? bodyErrors[error.type] : undefined;
  if (known !== undefined) return makeProblem({ ...known, code: known.title.toLowerCase().replaceAll(' ', '-') });
  return makeProblem({
    title: 'Invalid request',
    status: error.status,
    detail: 'The request could not be read. Check its path, headers and body, and send it again.',
    code: 'unreadable-request',
  });
}

function internalProblem(): Problem {
  return makeProblem({
    title: 'Internal error',
    status: 500,
    detail: 'Something went wrong on our side. Try again; if it stays, ask support and name the request id.',
    code: 'internal-error',
  });
}
