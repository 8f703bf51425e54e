import type { Request, Response } from 'express';
import { sessionSeconds } from '../../provisioning/console-sessions.ts';

/** `__Host-` binds the cookie to this very host: no subdomain can set one (RFC 6265bis section 4.1.3.2). Needs https. */
export function sessionCookieName(secure: boolean): string {
  return secure ? '__Host-rollcall-session' : 'rollcall-session';
}

/** @param secure whether the service is reached by https: the cookie is then never sent without */
export function setSessionCookie(res: Response, value: string, secure: boolean): void {
  res.append('Set-Cookie', `${sessionCookieName(secure)}=${value}; Max-Age=${sessionSeconds}; ${attributes(secure)}`);
}

export function clearSessionCookie(res: Response, secure: boolean): void {
  res.append('Set-Cookie', `${sessionCookieName(secure)}=; Max-Age=0; ${attributes(secure)}`);
}

/** The value that a browser sent, as it is; undefined when there is none. */
export function sessionCookieOf(req: Request, secure: boolean): string | undefined {
  const prefix = `${sessionCookieName(secure)}=`;
  const pairs = (req.get('cookie') ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
}

function attributes(secure: boolean): string {
  return `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
}
