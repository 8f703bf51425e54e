import { createHmac, timingSafeEqual } from 'node:crypto';

/** A working day: an operator logs in once. */
const sessionSeconds = 12 * 3600;

/**
 * The session of an operator at `/queues`: `<expiry>.<signature>`. It is signed with a key derived from the admin key's
 * hash, so every replica understands it, nothing is stored, and another admin key ends all sessions.
 */
export interface SessionCookie {
  /** The value of a `Set-Cookie` header. */
  issue(now: Date): string;
  /** Whether the value of a `Cookie` header holds a session that has not expired. */
  isValid(cookieHeader: string | undefined, now: Date): boolean;
}

/** @param secure whether the service is reached by https: the cookie is then never sent without */
export function sessionCookie(adminKeyHash: Buffer, secure: boolean): SessionCookie {
  // `__Host-` binds the cookie to this very host: no subdomain can set one. It demands the path "/", and https.
  const name = secure ? '__Host-rollcall-queues' : 'rollcall-queues';
  const path = secure ? '/' : '/queues';
  const signature = (expiry: string): Buffer =>
    createHmac('sha256', adminKeyHash).update(`queues-session:${expiry}`).digest();
  return {
    issue(now) {
      const expiry = String(Math.floor(now.getTime() / 1000) + sessionSeconds);
      const value = `${expiry}.${signature(expiry).toString('base64url')}`;
      return `${name}=${value}; Path=${path}; Max-Age=${sessionSeconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
    },
    isValid(cookieHeader, now) {
      const pairs = (cookieHeader ?? '').split(';').map((pair) => pair.trim());
      const value = pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
      const parts = /^(\d{1,12})\.([\w-]{43})$/.exec(value ?? '');
      if (parts === null) return false;
      const [, expiry = '', given = ''] = parts;
      const isOurs = timingSafeEqual(signature(expiry), Buffer.from(given, 'base64url'));
      return isOurs && Number(expiry) * 1000 > now.getTime();
    },
  };
}
