import type { IncomingMessage } from 'node:http';
import bodyParser from 'body-parser';
import { badRequest, ScimError } from '../../scim/scim-error.ts';
import { endInTime } from '../request-deadline.ts';
import type { Exchange } from './exchange.ts';
import { maxBodyBytes } from './scim-limits.ts';

const accepted = ['application/scim+json', 'application/json'];

const readRaw = bodyParser.raw({ type: () => true, limit: maxBodyBytes });

/**
 * Reads a JSON body (RFC 7644 section 3.1): both content types, UTF-8 checked instead of repaired, at most
 * `maxBodyBytes` after decompression.
 *
 * @returns undefined: there is none
 * @throws ScimError 400, 408, 413, 415
 */
export async function readBody({ req, res, context }: Exchange): Promise<unknown> {
  if (!hasBody(req)) return undefined;
  requireUsable(req);
  // The parser leaves it on the request.
  const holder: IncomingMessage & { body?: unknown } = req;
  await new Promise<void>((resolve, reject) => {
    endInTime({
      res,
      deadline: context.deadlines.work,
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- connect declares a class of its own, and asks for one of Node's
      run: (done) => readRaw(req, res, done),
      onLate: () =>
        new ScimError(408, undefined, 'The body took too long to arrive; nothing was changed. Send it again.'),
      next: (error) => (error === undefined ? resolve() : reject(toBodyError(error as Error))),
    });
  });
  const { body } = holder;
  return Buffer.isBuffer(body) && body.length > 0 ? parseJson(body) : undefined;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** What can be told before anything of it is read. */
function requireUsable({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  const [mediaType = ''] = type.split(';', 1);
  if (!accepted.includes(mediaType.trim().toLowerCase())) {
    throw new ScimError(415, undefined, `Send the body as ${accepted[0]} (or ${accepted[1]}), in UTF-8.`);
  }
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(type)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new ScimError(415, undefined, `The charset ${charset} is not supported: send the body in UTF-8.`);
  }
  // Told at once: the parser would first wait until all of it has arrived.
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw bodyTooLarge();
}

/** What the parser complains about, as SCIM errors. */
function toBodyError(error: Error): Error {
  const type = 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') return bodyTooLarge();
  if (type === 'encoding.unsupported') {
    return new ScimError(415, undefined, 'This Content-Encoding is not supported: send the body plain or as gzip.');
  }
  if (type === 'request.aborted' || type === 'request.size.invalid') {
    return badRequest('invalidSyntax', 'The body ended before its Content-Length.');
  }
  if ('statusCode' in error && error.statusCode === 400) {
    return badRequest('invalidSyntax', 'The body could not be read: check its Content-Encoding.');
  }
  return error;
}

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
