import type { JsonValue } from './json.ts';
import { checkedBody } from './safe-json.ts';
import { sameName } from './fold-case.ts';
import { requireMessageSchema } from './message-schemas.ts';
import { badRequest } from './scim-error.ts';
import { searchRequestUrn } from './urns.ts';

/**
 * Reads the body of a POST to `/.search` (RFC 7644 section 3.4.3) into the parameters that a GET would have, for
 * {@link parseListQuery}: a search over several resource types reads them once for each.
 *
 * @throws ScimError 400 invalidSyntax or invalidValue
 */
export function parseSearchRequest(body: unknown): Record<string, string> {
  const sent = checkedBody(body);
  const parameters: Record<string, string> = {};
  for (const [key, value] of Object.entries(sent)) {
    if (value === null) continue;
    if (sameName(key, 'schemas')) requireMessageSchema(value, searchRequestUrn, 'a search');
    else parameters[key] = parameterText(key, value);
  }
  return parameters;
}

function parameterText(name: string, value: JsonValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value) && value.every((element) => typeof element === 'string')) return value.join(',');
  throw badRequest('invalidValue', `${JSON.stringify(name)} of a search must be text, a number, or a list of text.`);
}
