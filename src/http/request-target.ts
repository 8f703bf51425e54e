import type { IncomingMessage } from 'node:http';

/** The path that a request is for, as it was sent: not decoded, without its query. */
export function pathOf(req: Pick<IncomingMessage, 'url'>): string {
  const target = originForm(req.url ?? '/');
  const end = target.indexOf('?');
  return (end === -1 ? target : target.slice(0, end)) || '/';
}

/** Its query, as it was sent, without the question mark. */
export function queryOf(req: Pick<IncomingMessage, 'url'>): string {
  const target = originForm(req.url ?? '/');
  const begin = target.indexOf('?');
  return begin === -1 ? '' : target.slice(begin + 1);
}

/**
 * A proxy may send the whole URL, which every server has to understand (RFC 9112 section 3.2.2). No client may send a
 * fragment; some do.
 */
function originForm(target: string): string {
  const whole = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '');
  const end = whole.indexOf('#');
  return end === -1 ? whole : whole.slice(0, end);
}
