import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { sameName } from '../../scim/fold-case.ts';
import { parameterNames } from '../../scim/list-query.ts';
import { badRequest } from '../../scim/scim-error.ts';
import type { Turn } from '../../rate-limit/fair-shares.ts';
import type { RequestContext } from '../request-context.ts';
import type { ScimRequest } from './scim-request.ts';

/** One request under an organization's base URL, and its answer. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly context: RequestContext;
  /** As the path names it; it may be no id at all. */
  readonly organizationId: string;
  /** The path below the base URL, with a slash at its beginning; as it was sent, not decoded. */
  readonly path: string;
  /** The query, as it was sent. */
  readonly query: string;
  /** By what the credential that came along is remembered; null: there is none. */
  readonly credential: string | null;
  /** The JSON body, once it is read. */
  body: unknown;
  /** Its place among those of its organization, once it had to be given one. */
  turn: Turn | null;
  /** Set by authentication, which may still have to check the token then. */
  request: ScimRequest | null;
}

/** Something that an endpoint does. @param id what the path ends in, where the endpoint is one of `/:id`; else empty */
export type Handler = (exchange: Exchange, request: ScimRequest, id: string) => Promise<void> | void;

/** What each endpoint understands (RFC 7644 section 3.2, table 2), by its path. HEAD is a GET without the body. */
export type Endpoints = Readonly<
  Record<string, Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', Handler>>>>
>;

/** The request as authentication let it pass. */
export function requestOf({ request }: Exchange): ScimRequest {
  if (request === null) throw new Error('this comes before authentication');
  return request;
}

/**
 * The query parameters by name; those of the protocol under the name that it gives them, whatever their letter case. They
 * are decoded as a form, so `+` is a blank, as Entra sends it.
 *
 * @throws ScimError 400 invalidValue for one that is given twice: which of the two is meant cannot be known
 */
export function queryParameters({ query }: Exchange): Record<string, string | undefined> {
  if (query === '') return {};
  const parameters = new Map<string, string>();
  for (const [sent, value] of Object.entries(parse(query))) {
    const name = parameterNames.find((known) => sameName(known, sent)) ?? sent;
    if (typeof value !== 'string' || parameters.has(name)) {
      throw badRequest('invalidValue', `The query parameter "${name}" is given more than once; send it once.`);
    }
    parameters.set(name, value);
  }
  return Object.fromEntries(parameters);
}
