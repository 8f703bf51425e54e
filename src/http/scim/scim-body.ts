import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { badRequest, ScimError } from '../../scim/scim-error.ts';
import { contextOf } from '../request-context.ts';
import { inTimeOrElse } from '../request-deadline.ts';
import { maxBodyBytes } from './scim-limits.ts';

const accepted = ['application/scim+json', 'application/json'];

const readInTime = inTimeOrElse(
  (res) => contextOf(res).deadlines.work,
  express.raw({ type: accepted, limit: maxBodyBytes }),
  () => new ScimError(408, undefined, 'The body took too long to arrive; nothing was changed. Send it again.'),
);

function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.get('content-length') ?? 0) > 0;
}

/**
 * Reads a JSON body (RFC 7644 section 3.1): both content types, UTF-8 checked instead of repaired, at most
 * `maxBodyBytes` after decompression.
 */
export const scimBody: RequestHandler[] = [
  (req, _res, next) => {
    if (hasBody(req) && !req.is(accepted)) {
      throw new ScimError(415, undefined, `Send the body as ${accepted[0]} (or ${accepted[1]}), in UTF-8.`);
    }
    const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(req.get('content-type') ?? '')?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
      throw new ScimError(415, undefined, `The charset ${charset} is not supported: send the body in UTF-8.`);
    }
    // Told at once: express.raw would first wait until all of it has arrived.
    if (Number(req.get('content-length') ?? 0) > maxBodyBytes) throw bodyTooLarge();
    next();
  },
  (req, res, next) => (hasBody(req) ? readInTime(req, res, next) : next()),
  (req, _res, next) => {
    req.body = Buffer.isBuffer(req.body) && req.body.length > 0 ? parseJson(req.body) : undefined;
    next();
  },
];

/** What `express.raw` complains about, as SCIM errors. */
export const mapBodyError: ErrorRequestHandler = (error: unknown, _req, _res, next) => {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') {
    next(bodyTooLarge());
  } else if (type === 'encoding.unsupported') {
    next(new ScimError(415, undefined, 'This Content-Encoding is not supported: send the body plain or as gzip.'));
  } else if (type === 'request.aborted' || type === 'request.size.invalid') {
    next(badRequest('invalidSyntax', 'The body ended before its Content-Length.'));
  } else if (error instanceof Error && 'statusCode' in error && error.statusCode === 400) {
    next(badRequest('invalidSyntax', 'The body could not be read: check its Content-Encoding.'));
  } else {
    next(error);
  }
};

function bodyTooLarge(): ScimError {
  return new ScimError(
    413,
    undefined,
    `The body is larger than ${maxBodyBytes} bytes: send fewer members or operations in one request.`,
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(body: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw badRequest('invalidSyntax', 'The body is not valid UTF-8.');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Only the position: V8's message also quotes the body, which may hold a password.
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    const where = position === undefined ? '' : ` (look at character ${Number(position) + 1})`;
    throw badRequest('invalidSyntax', `The body is not valid JSON${where}.`);
  }
}
