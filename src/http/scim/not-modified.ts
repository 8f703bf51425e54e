import type { Request, Response } from 'express';
import { matchesETag } from '../../scim/etag.ts';

/**
 * `If-None-Match` (RFC 7644 section 3.14): answers 304 when the client holds this very tag already.
 *
 * @returns whether it has answered
 */
export function answerNotModified(req: Request, res: Response, etag: string): boolean {
  const ifNoneMatch = req.get('if-none-match');
  if (ifNoneMatch === undefined || !matchesETag(ifNoneMatch, etag)) return false;
  res.set('ETag', etag).status(304).end();
  return true;
}
