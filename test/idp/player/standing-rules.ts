import type { WireResponse } from './exchange.ts';
import { isObject, valueAt } from './value-at.ts';

export const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const listResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** An answer together with its body, parsed where it is JSON. */
export interface Answer extends WireResponse {
  /** Undefined without a body, and where the body is not JSON. */
  body: unknown;
}

/**
 * What breaks one of the rules that every SCIM answer keeps (../README.md, "Standing rules").
 *
 * @param accept the request's Accept header, empty where it sent none
 */
export function brokenStandingRules(answer: Answer, accept: string): string[] {
  const { status, headers, text, body } = answer;
  const broken: string[] = [];

  if (status === 204 || status === 304) return text === '' ? [] : [`rule 4: a ${status} with a body`];

  if (text !== '') {
    const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
    const plainJsonAsked = mediaType === 'application/json' && accept.toLowerCase().includes('application/json');
    if (mediaType !== 'application/scim+json' && !plainJsonAsked) {
      broken.push(`rule 1: the body comes as ${headers['content-type'] ?? 'nothing'}`);
    }
    if (body === undefined) broken.push('rule 1: the body is not JSON');
  }

  if (status >= 400) {
    if (!includes(valueAt(body, 'schemas'), errorUrn)) broken.push(`rule 2: a ${status} without the Error schema`);
    const stated = valueAt(body, 'status');
    if (stated !== String(status)) broken.push(`rule 2: status is ${JSON.stringify(stated)} in a ${status}`);
  }

  if (status === 201) {
    const location = headers['location'];
    if (location === undefined || location === '') broken.push('rule 3: a 201 without Location');
    else if (valueAt(body, 'meta.location') !== location) broken.push('rule 3: Location is not meta.location');
    const id = valueAt(body, 'id');
    if (typeof id !== 'string' || id === '') broken.push('rule 3: a 201 without an id');
  }

  if (isObject(body) && Object.hasOwn(body, 'Resources')) {
    if (!includes(body['schemas'], listResponseUrn)) broken.push('rule 5: Resources without the ListResponse schema');
    for (const name of ['totalResults', 'startIndex', 'itemsPerPage']) {
      if (body[name] !== undefined && !Number.isInteger(body[name])) broken.push(`rule 5: ${name} is not an integer`);
    }
  }

  if (holdsPassword(body)) broken.push('rule 6: the answer holds a password');
  return broken;
}

function includes(list: unknown, element: string): boolean {
  return Array.isArray(list) && list.includes(element);
}

function holdsPassword(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsPassword);
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, inner]) => key.toLowerCase() === 'password' || holdsPassword(inner));
}
