import { sameName } from './fold-case.ts';
import type { JsonValue } from './json.ts';
import { badRequest } from './scim-error.ts';

/**
 * Checks the `schemas` of a message (RFC 7644 section 3.1). They may be missing: what the message is, its endpoint says.
 *
 * @param message what is sent, for the error, such as "a PATCH"
 * @throws ScimError 400 invalidSyntax unless `schemas` is a list that names the schema of the message
 */
export function requireMessageSchema(schemas: JsonValue | undefined, urn: string, message: string): void {
  if (schemas === undefined || schemas === null || namesSchema(schemas, urn)) return;
  throw badRequest(
    'invalidSyntax',
    Array.isArray(schemas)
      ? `"schemas" of ${message} must name ${urn}.`
      : `"schemas" of ${message} must be a list that names ${urn}.`,
  );
}

/** Whether a list of schema URNs has this one, letter case aside. */
export function namesSchema(schemas: JsonValue | undefined, urn: string): boolean {
  return Array.isArray(schemas) && schemas.some((named) => typeof named === 'string' && sameName(named, urn));
}
