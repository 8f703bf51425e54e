import type { Json } from '../idp/player/scenario.ts';
import type { FuzzRequest, Ids } from './corpus.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateJson, mutateText } from './mutate-json.ts';
import type { Random } from './random.ts';

/** A request ready to be sent: `path` below the SCIM base URL, `body` in bytes. */
export interface WireRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** Sent to the base URL of the other organization, with the token of this one. */
  toForeign: boolean;
}

interface Surroundings {
  ids: Ids;
  token: string;
  /** A body to take parts from. */
  other: Json;
}

const words = [
  ...[
    'userName',
    'emails',
    'active',
    'meta.created',
    'members',
    'name.givenName',
    'groups.display',
    'schemas',
    'id',
    'password',
  ],
  ...[
    'eq',
    'ne',
    'co',
    'sw',
    'ew',
    'gt',
    'ge',
    'lt',
    'le',
    'pr',
    'and',
    'or',
    'not (',
    '(',
    ')',
    '[',
    ']',
    '.value',
    'EQ',
  ],
  ...[
    '"a"',
    '""',
    '"%"',
    '"\\u0000"',
    '"\\ud800"',
    'true',
    'null',
    '1',
    '1e999',
    '"2026-01-01T00:00:00Z"',
    '"0000-00-00"',
  ],
  ...[
    '"275760-09-13T00:00:00Z"',
    '"',
    'emails[type eq "work" and value co "a"]',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName',
  ],
];
const numbers = ['-1', '0', '1', '2', '1e9', '99999999999999999999', '2147483648', '1.5', 'x', '', '%00', '+1', ' 3'];
const attributes = [
  'userName',
  'name.familyName',
  'emails',
  'meta.lastModified',
  'members',
  'nonsense',
  '__proto__',
  ',',
  'id',
  'groups',
];
const endpoints = [
  '/Users',
  '/Groups',
  '/Users/.search',
  '/Groups/.search',
  '/.search',
  '/Bulk',
  '/Me',
  '/Schemas',
  '/ResourceTypes',
];
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'SEARCH'];
const tags = ['*', 'W/"1"', 'W/"2"', '"1"', 'W/"', '""', ', ,', 'W/"9".x', '1', 'W/"1", W/"2"'];
const mediaTypes = [
  ...[
    'application/json',
    'application/scim+json; charset=utf-8',
    'application/scim+json; charset=utf-16',
    'text/plain',
    'x',
    '*/*',
  ],
  ...[
    'application/scim+json;',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/scim+json; charset="utf-8',
  ],
];

/** Up to three things about a request changed, from its JSON down to the bytes on the wire. */
export function mutateRequest(request: FuzzRequest, surroundings: Surroundings, random: Random): WireRequest {
  const { ids, other, token } = surroundings;
  const draft = structuredClone(request);
  const wire = { toForeign: false, headers: draft.headers };
  wire.headers['authorization'] = `Bearer ${token}`;
  for (let times = random.int(4); times > 0; times -= 1) {
    switch (random.int(14)) {
      case 0:
        draft.path = mutatePath(draft.path, ids, random);
        break;
      case 1:
      case 2:
        draft.path = mutateQuery(draft.path, random);
        break;
      case 3:
        mutateHeaders(draft, surroundings, random);
        break;
      case 4:
        if (random.chance(0.3)) draft.method = random.pick(methods);
        if (random.chance(0.1)) wire.toForeign = true;
        break;
      default:
        if (draft.body !== undefined) draft.body = mutateJson(draft.body, other, ids, random);
        else draft.path = mutateQuery(draft.path, random);
    }
  }
  const body =
    draft.body === undefined ? undefined : mutateBytes(Buffer.from(JSON.stringify(draft.body)), draft, random);
  if (body !== undefined) wire.headers['content-type'] ??= 'application/scim+json';
  return { ...wire, method: draft.method, path: sendable(draft.path), ...(body === undefined ? {} : { body }) };
}

function mutatePath(path: string, ids: Ids, random: Random): string {
  const [bare = '', query] = path.split('?', 2);
  const rest = query === undefined ? '' : `?${query}`;
  const id = random.pick([
    ...ids.users,
    ...ids.groups,
    ...ids.foreign,
    '0',
    '%00',
    '%ff',
    '..',
    '%2e%2e',
    'x'.repeat(500),
  ]);
  switch (random.int(7)) {
    case 0:
      return `${bare.replace(/[^/]+$/, id)}${rest}`;
    case 1:
      return `${random.pick(endpoints)}/${id}${rest}`;
    case 2:
      return random.pick(endpoints) + rest;
    case 3:
      return `${bare}${random.pick(['/', '//', ';x', '/x', '.json', '%2F', '%', '%zz', '/../..', '#x', '%20'])}${rest}`;
    case 4:
      return bare.replace('/', random.pick(['//', '/%2F', '/./', '/%55', '/'])) + rest;
    case 5:
      return bare.toLowerCase() + rest;
    default:
      return `/${mutateText(bare.slice(1), random)}${rest}`;
  }
}

function mutateQuery(path: string, random: Random): string {
  const glue = path.includes('?') ? '&' : '?';
  switch (random.int(8)) {
    case 0:
      return `${path}${glue}startIndex=${random.pick(numbers)}&count=${random.pick(numbers)}`;
    case 1:
      return `${path}${glue}sortBy=${random.pick(attributes)}&sortOrder=${random.pick(['ascending', 'DESCENDING', 'x', ''])}`;
    case 2:
      return `${path}${glue}${random.pick(['attributes', 'excludedAttributes', 'Attributes'])}=${random.pick(attributes)},${random.pick(attributes)}`;
    case 3:
      return `${path}${glue}cursor=${random.pick(['', 'x', '%00', 'AAAA', 'eyJ9', 'a'.repeat(3_000)])}&count=${random.pick(numbers)}`;
    case 4:
      return path.replace(
        /filter=([^&]*)/,
        (_, value: string) => `filter=${encoded(mutateText(decoded(value), random))}`,
      );
    case 5:
      return `${path}${glue}${path.split('?')[1] ?? 'filter'}`;
    default:
      return `${path}${glue}filter=${encoded(randomFilter(random))}`;
  }
}

function randomFilter(random: Random): string {
  return Array.from({ length: 1 + random.int(random.pick([3, 8, 60])) }, () => random.pick(words)).join(' ');
}

function mutateHeaders({ headers }: FuzzRequest, { token }: Surroundings, random: Random): void {
  switch (random.int(7)) {
    case 0:
      headers['content-type'] = random.pick(mediaTypes);
      break;
    case 1:
      headers['accept'] = random.pick([...mediaTypes, '']);
      break;
    case 2:
      headers[random.pick(['if-match', 'if-none-match'])] = random.pick(tags);
      break;
    case 3:
      headers['authorization'] = random.pick([
        '',
        'Bearer',
        `Bearer ${token}x`,
        `bearer ${token}`,
        `Basic ${token}`,
        `Bearer ${token.slice(1)}`,
      ]);
      break;
    case 4:
      headers['content-encoding'] = random.pick(['gzip', 'br', 'deflate', 'x', 'identity', 'gzip, gzip']);
      break;
    case 5:
      headers['x-request-id'] = random.pick(['ok-1', 'a b', '%0a', 'x'.repeat(200), '__proto__']);
      break;
    default:
      headers[random.pick(['x-http-method-override', 'expect-ct', 'range', 'prefer', 'x-forwarded-host'])] = 'DELETE';
  }
}

function encoded(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Node's client refuses what no URL can hold; and 8 kB leaves room for headers below Node's limit. */
function sendable(path: string): string {
  return wellFormed(path)
    .replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
    .slice(0, 8_000);
}

/** URLs are UTF-8, which has no form for half a character. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
