/**
 * Where to go after signing in: the page that was asked for, if it is one of ours. An address of another site, in
 * whatever disguise (`//host`, `/\host`), must not be reached through our sign-in page.
 */
export function returnAddress(wanted: string | undefined, origin: string): string {
  if (wanted?.startsWith('/') !== true || !URL.canParse(wanted, origin)) return '/';
  const url = new URL(wanted, origin);
  if (url.origin !== origin || url.pathname === '/sign-in') return '/';
  return `${url.pathname}${url.search}${url.hash}`;
}
