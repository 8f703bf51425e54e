import type { ErrorRequestHandler, Response } from 'express';
import { isTemporary } from '../../platform/database.ts';
import { AbandonedError, OutOfTimeError } from '../../platform/deadline.ts';
import { DomainError } from '../../platform/errors.ts';
import { redactSecrets } from '../../platform/redact-secrets.ts';
import { errorBody, ScimError, type ScimType } from '../../scim/scim-error.ts';
import { domainStatus, retryAfterSeconds } from '../domain-status.ts';
import { contextOf } from '../request-context.ts';
import { scimMediaType } from './scim-context.ts';

const scimTypeOf: Readonly<Record<string, ScimType>> = {
  'already-in-use': 'uniqueness',
  'invalid-value': 'invalidValue',
};

/**
 * What the identity provider is told about an error. Anything unforeseen is a 500 that names the request, never an
 * internal message, and never a 404: a provider might create the resource again.
 */
export function toScimError(error: unknown, requestId: string): ScimError {
  if (error instanceof ScimError) return error;
  if (error instanceof DomainError) {
    return new ScimError(domainStatus[error.kind], scimTypeOf[error.code], error.message);
  }
  if (error instanceof OutOfTimeError) {
    return new ScimError(503, undefined, 'This took too long and was given up; nothing was changed. Try again later.');
  }
  if (error instanceof AbandonedError) {
    return new ScimError(503, undefined, 'The client closed the connection before this began; nothing was changed.');
  }
  if (isTemporary(error)) {
    return new ScimError(503, undefined, 'The service cannot do this just now; nothing was changed. Try again later.');
  }
  if (error instanceof URIError) {
    return new ScimError(404, undefined, 'The address holds a % that is not followed by two hexadecimal digits.');
  }
  return new ScimError(
    500,
    undefined,
    `Something went wrong on our side, and nothing was changed. Tell support the request id ${requestId}.`,
  );
}

/** Every error under the SCIM base ends here. */
export const answerScimError: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const { requestId, logger } = contextOf(res);
  const answer = toScimError(error, requestId);
  if (error instanceof DomainError && error.kind === 'too-many-requests') {
    res.set('Retry-After', String(error.details['retryAfterSeconds']));
  }
  // What we refuse knowingly (501 of /Me, 503) is no fault of ours to be looked into.
  if (answer !== error && answer.status >= 500) logger.error({ err: error }, 'SCIM request failed');
  // RFC 6750 section 3.1: no error code where no token was sent.
  const challenge = req.get('authorization') === undefined ? '' : ', error="invalid_token"';
  if (answer.status === 401) res.set('WWW-Authenticate', `Bearer realm="SCIM"${challenge}`);
  sendScimError(res, answer);
};

function sendScimError(res: Response, error: ScimError): void {
  if (error.status === 503) res.set('Retry-After', String(retryAfterSeconds));
  res
    .status(error.status)
    .type(scimMediaType)
    // Messages repeat what was sent, which may be a token in the place of an id.
    .send(redactSecrets(JSON.stringify(errorBody(error))));
}
