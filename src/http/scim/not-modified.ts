import { matchesETag } from '../../scim/etag.ts';
import type { Exchange } from './exchange.ts';
import { sendNothing } from './send-json.ts';

/**
 * `If-None-Match` (RFC 7644 section 3.14): answers 304 when the client holds this very tag already.
 *
 * @returns whether it has answered
 */
export function answerNotModified({ req, res }: Exchange, etag: string): boolean {
  const ifNoneMatch = req.headers['if-none-match'];
  if (ifNoneMatch === undefined || !matchesETag(ifNoneMatch, etag)) return false;
  res.setHeader('ETag', etag);
  sendNothing(res, 304);
  return true;
}
