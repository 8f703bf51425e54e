/**
 * The weak entity tag of a resource (RFC 7644 section 3.14, RFC 9110 section 8.8.3). Weak, because the same version can be
 * shown with different attributes.
 *
 * @param version counts the changes of the resource itself
 * @param derived names the state of what is shown but stored elsewhere, such as the groups of a user: letters and digits.
 *   It keeps a cached answer from passing as fresh; a write cares about the version alone.
 */
export function weakETag(version: number, derived?: string): string {
  return derived === undefined ? `W/"${version}"` : `W/"${version}.${derived}"`;
}

/** Whether `If-Match` names this version: `*`, or a list of tags, of which only the version counts. */
export function matchesVersion(header: string, version: number): boolean {
  return opaqueTags(header).some((tag) => tag === '*' || tag.split('.')[0] === String(version));
}

/** Whether `If-None-Match` names this very tag: `*`, or a list of tags, compared weakly. */
export function matchesETag(header: string, etag: string): boolean {
  const [current] = opaqueTags(etag);
  return opaqueTags(header).some((tag) => tag === '*' || tag === current);
}

/** The texts inside the tags of a header. Tags without quotes are understood too; some clients strip them. */
function opaqueTags(header: string): string[] {
  return header.split(',').map((part) =>
    part
      .trim()
      .replace(/^W\//u, '')
      .replace(/^"(.*)"$/u, '$1'),
  );
}
