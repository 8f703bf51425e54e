import type { ServerResponse } from 'node:http';

/** What a SCIM answer needs of what helmet sets elsewhere: no browser shows it, and nothing of it may be shown. */
const headers = [
  ['Content-Security-Policy', "default-src 'none';frame-ancestors 'none'"],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'SAMEORIGIN'],
] as const;

/** @param isSecure whether the service is reached by https */
export function setSecurityHeaders(res: ServerResponse, isSecure: boolean): void {
  for (const [name, value] of headers) res.setHeader(name, value);
  if (isSecure) res.setHeader('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
}
