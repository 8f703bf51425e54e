import type { WireAnswer } from './exchange.ts';
import type { WireRequest } from './mutate-request.ts';

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error';

/**
 * What is wrong with an answer, whatever the request was; empty where it is well.
 *
 * @param secret a text that only rows of the other organization hold
 */
export function faultsOf(request: WireRequest, { status, headers, text }: WireAnswer, secret: string): string[] {
  const faults: string[] = [];
  const fault = (wrong: boolean, what: string): void => {
    if (wrong) faults.push(what);
  };
  // RFC 7644 section 3.11: /Me is not implemented, and says so.
  fault(status >= 500 && !(status === 501 && /^\/+Me\b/.test(request.path)), `status ${status}`);
  fault(text.includes(secret), 'shows a resource of the other organization');
  fault(/node_modules|\bat .+\.(?:ts|js):\d+|\bSELECT\b.+\bFROM\b/.test(text), 'shows internals');
  fault(status === 401 && headers['www-authenticate'] === undefined, 'a 401 without WWW-Authenticate');
  fault(status === 405 && headers['allow'] === undefined, 'a 405 without Allow');
  // Which methods there are is told in `Allow`, as plain HTTP does it.
  if (request.method === 'OPTIONS' && status === 204) return faults;
  if (status === 204 || status === 304 || request.method === 'HEAD') {
    fault(text !== '', `a ${status} with a body`);
    return faults;
  }
  fault(
    !String(headers['content-type']).startsWith('application/scim+json'),
    `content type ${String(headers['content-type'])}`,
  );
  const body = parsed(text);
  fault(body === undefined, 'the body is not a JSON object');
  if (status < 400 || body === undefined) return faults;
  const schemas = body['schemas'];
  fault(!Array.isArray(schemas) || schemas[0] !== errorUrn, 'the error has no Error schema');
  fault(body['status'] !== String(status), 'the error does not repeat the status as text');
  fault(typeof body['detail'] !== 'string' || body['detail'] === '', 'the error has no detail');
  return faults;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
