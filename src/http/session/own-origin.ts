import type { Request } from 'express';
import { DomainError } from '../../platform/errors.ts';

/**
 * Whether a page of ours sent this: its `Origin` is the public one, or that of the host which was asked. Behind a proxy
 * that changes `Host` only the public origin fits. Null: the request does not say, so it is no browser's write.
 */
export function isFromOwnPage(req: Request, publicUrl: string): boolean | null {
  const origin = req.get('origin');
  if (origin === undefined) return null;
  const own = new URL(publicUrl);
  if (origin === own.origin) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  return host === req.get('host') && (own.protocol === 'http:' || protocol === 'https:');
}

/** Methods that change nothing. */
export function isReading(req: Request): boolean {
  return req.method === 'GET' || req.method === 'HEAD';
}

/**
 * A browser sends the cookie along with whatever a page makes it send. So a write by cookie must say that it comes from
 * a page of ours, and be nothing that a form, or a script without asking first, could have sent.
 *
 * @throws DomainError `forbidden` (`foreign-origin`, `not-json`)
 */
export function requireOwnWrite(req: Request, publicUrl: string): void {
  if (isReading(req)) return;
  if (isFromOwnPage(req, publicUrl) !== true) throw foreignOrigin();
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  const type = req.get('content-type');
  if ((hasBody || type !== undefined) && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type ?? '')) {
    throw new DomainError('forbidden', 'not-json', 'Send JSON, with "Content-Type: application/json".');
  }
}

export function foreignOrigin(): DomainError {
  return new DomainError(
    'forbidden',
    'foreign-origin',
    'This request does not come from a page of this service. Open the console at its own address (PUBLIC_URL) and try ' +
      'again; programs send an admin key as a bearer token.',
  );
}
