import { isTemporary } from '../../platform/database-errors.ts';
import { AbandonedError, OutOfTimeError } from '../../platform/deadline.ts';
import { DomainError } from '../../platform/errors.ts';
import { redactSecrets } from '../../platform/redact-secrets.ts';
import { errorBody, ScimError, type ScimType } from '../../scim/scim-error.ts';
import { domainStatus, retryAfterSeconds } from '../domain-status.ts';
import type { Exchange } from './exchange.ts';
import { sendText } from './send-json.ts';

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
export function answerScimError(
  { req, res, context }: Pick<Exchange, 'req' | 'res' | 'context'>,
  error: unknown,
): void {
  const { requestId, logger } = context;
  const answer = toScimError(error, requestId);
  // What we refuse knowingly (501 of /Me, 503) is no fault of ours to be looked into.
  if (res.headersSent || (answer !== error && answer.status >= 500))
    logger.error({ err: error }, 'SCIM request failed');
  if (res.headersSent) {
    // A stream broke off in the middle: all that is left is to close the connection.
    res.destroy();
    return;
  }
  if (error instanceof DomainError && error.kind === 'too-many-requests') {
    res.setHeader('Retry-After', String(error.details['retryAfterSeconds']));
  }
  // RFC 6750 section 3.1: no error code where no token was sent.
  const challenge = req.headers.authorization === undefined ? '' : ', error="invalid_token"';
  if (answer.status === 401) res.setHeader('WWW-Authenticate', `Bearer realm="SCIM"${challenge}`);
  if (answer.status === 503) res.setHeader('Retry-After', String(retryAfterSeconds));
  // Messages repeat what was sent, which may be a token in the place of an id.
  sendText(res, answer.status, redactSecrets(JSON.stringify(errorBody(answer))));
}
