/**
 * The weak entity tag of a version (RFC 7644 section 3.14, RFC 9110 section 8.8.3). Weak, because the same version can be
 * shown with different attributes.
 */
export function weakETag(version: number): string {
  return `W/"${version}"`;
}

/**
 * Whether the value of `If-Match` or `If-None-Match` names this version: `*`, or a list of tags, compared weakly.
 * A tag without quotes is understood too; some clients strip them.
 */
export function matchesETag(header: string, version: number): boolean {
  const current = String(version);
  return header.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' || tag.replace(/^W\//u, '').replace(/^"(.*)"$/u, '$1') === current;
  });
}
