import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { z } from 'zod';
import type { AnswerOf, Endpoint, ParametersOf } from '../../contract/endpoint.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { getOrganization } from '../../provisioning/organizations.ts';
import type { Cause } from '../../sync-log/append.ts';
import { makeProblem, sendProblem } from '../problem.ts';
import { contextOf } from '../request-context.ts';
import { inTimeOrElse } from '../request-deadline.ts';
import { adminRequestOf, authenticateAgain } from './authenticate.ts';
import { authorize, requireFields } from './authorize.ts';
import { fieldErrors } from './validation-words.ts';

/** An answer as a handler gives it: times are Dates there, and text once they are JSON. */
type Answerable<T> = T extends string
  ? string extends T
    ? T | Date
    : T
  : T extends readonly (infer Item)[]
    ? readonly Answerable<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Answerable<T[Key]> }
      : T;

/** A request after everything that came over the wire was checked against the contract. */
interface AdminRequest<E extends Endpoint> {
  params: ParametersOf<E>;
  query: z.output<E['query']>;
  body: E['request'] extends z.ZodType ? z.output<E['request']> : undefined;
  cause: Cause;
  /** For the work of this request: nothing of it outlives the request's deadline. */
  db: Database;
  /** The only organization that there is for this caller; null: all of them. */
  ownOrganizationId: string | null;
  /** Only for answers that are streamed, and for the request's logger. */
  res: Response;
}

export type Handler<E extends Endpoint> = (
  request: AdminRequest<E>,
) => Promise<E['answer'] extends z.ZodType ? Answerable<AnswerOf<E>> : unknown>;

export interface RouteDependencies {
  db: Database;
  /** Tells the dispatcher, after commit, that there may be jobs. */
  nudge: () => void;
}

/** Room for the largest request of the contract, 1,000 ids, many times over. */
const maxBodyBytes = 1_048_576;
const jsonTypes = ['application/json', 'application/*+json'];
const parseJson = jsonBody(maxBodyBytes);

/** Of somebody who has shown no credential yet: room for one key. */
const parseSmallJson = jsonBody(4_096);

/** @param limit in bytes */
function jsonBody(limit: number): RequestHandler {
  return inTimeOrElse(
    (res) => contextOf(res).deadlines.work,
    express.json({ type: jsonTypes, limit }),
    () =>
      new DomainError(
        'timeout',
        'body-too-slow',
        'The body took too long to arrive; nothing was changed. Send the request again.',
      ),
  );
}

/**
 * Puts one endpoint of the contract on a router: asks whether the caller may, parses parameters, query and body, answers
 * 404 for an organization that is not there, and sends what the handler returns.
 */
export function route<E extends Endpoint>(
  router: Router,
  { db: unlimited, nudge }: RouteDependencies,
  endpoint: E,
  handler: Handler<E>,
): void {
  const path = expressPath(endpoint.path);
  const handle: RequestHandler = async (req, res) => {
    const { caller } = adminRequestOf(res);
    const { requestId, deadlines } = contextOf(res);
    const db = unlimited.within(deadlines.work);
    const params = req.params as ParametersOf<E> & { organizationId?: string };
    if (params.organizationId !== undefined) await getOrganization(db, params.organizationId);
    const query = parse(endpoint.query, { ...req.query }, 'query parameter') as AdminRequest<E>['query'];
    const body = (
      endpoint.request === null ? undefined : parse(endpoint.request, bodyOf(req), 'field')
    ) as AdminRequest<E>['body'];
    requireFields(caller, endpoint, body);
    const cause = { actor: caller.actor, requestId };
    const answer = await handler({ params, query, body, cause, db, ownOrganizationId: caller.organizationId, res });
    // Several kinds of change add jobs; asking after every one that succeeded costs one indexed look-up, and none is forgotten.
    if (endpoint.method !== 'get') nudge();
    if (endpoint.answer !== null) res.status(endpoint.status).json(answer);
    else if (endpoint.streams === undefined) res.status(endpoint.status).end();
  };
  const readBody = endpoint.request === null ? [] : [requireJson, refuseLarge, parseJson, authenticateAgain];
  router[endpoint.method](path, authorize(endpoint), ...readBody, handle);
}

type OpenHandler<E extends Endpoint> = (request: {
  body: E['request'] extends z.ZodType ? z.output<E['request']> : undefined;
  req: Request;
  res: Response;
}) => Promise<Answerable<AnswerOf<E>>>;

/** The same for an endpoint that needs no credential; to be put in front of authentication. */
export function openRoute<E extends Endpoint>(router: Router, endpoint: E, handler: OpenHandler<E>): void {
  const handle: RequestHandler = async (req, res) => {
    parse(endpoint.query, { ...req.query }, 'query parameter');
    const body = (endpoint.request === null ? undefined : parse(endpoint.request, bodyOf(req), 'field')) as Parameters<
      OpenHandler<E>
    >[0]['body'];
    res.status(endpoint.status).json(await handler({ body, req, res }));
  };
  router[endpoint.method](expressPath(endpoint.path), requireJson, parseSmallJson, handle);
}

/** Answers what no route took: 405 with `Allow` where the path exists with other methods, else 404. */
export function unknownRoute(endpoints: readonly Endpoint[]): RequestHandler {
  const patterns = endpoints.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`),
  }));
  return (req, res) => {
    const { requestId } = contextOf(res);
    const allowed = patterns.filter(({ pattern }) => pattern.test(req.path)).map(({ method }) => method);
    if (allowed.length === 0) {
      sendProblem(
        res,
        makeProblem({
          title: 'Not found',
          status: 404,
          detail: 'There is nothing at this address. /api/docs lists every operation.',
          code: 'unknown-address',
          requestId,
        }),
      );
      return;
    }
    res.set('Allow', allowed.join(', '));
    sendProblem(
      res,
      makeProblem({
        title: 'Method not allowed',
        status: 405,
        detail: `This address does not answer ${req.method}. Use ${allowed.join(' or ')}.`,
        code: 'method-not-allowed',
        requestId,
      }),
    );
  };
}

function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** Told at once: express.json() would first wait until all of the body has arrived. */
const refuseLarge: RequestHandler = (req, _res, next) => {
  if (Number(req.get('content-length') ?? 0) > maxBodyBytes) {
    throw new DomainError(
      'too-large',
      'too-large',
      `The body is larger than ${maxBodyBytes} bytes. Send less at once.`,
    );
  }
  next();
};

/** express.json() leaves a body of another media type unread; without this it would look like an empty one. */
const requireJson: RequestHandler = (req, res, next) => {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody || req.is(['application/json', 'application/*+json']) !== false) {
    next();
    return;
  }
  sendProblem(
    res,
    makeProblem({
      title: 'Unsupported media type',
      status: 415,
      detail: 'Send the body as JSON, with the header "Content-Type: application/json".',
      code: 'unsupported-media-type',
      requestId: contextOf(res).requestId,
    }),
  );
};

/** No body at all means the same as an empty object, for requests in which everything is optional. */
function bodyOf(req: Request): unknown {
  return req.body === undefined ? {} : (req.body as unknown);
}

/** @throws DomainError `invalid` (`invalid-request`) with one message per field */
function parse(schema: z.ZodType, input: unknown, noun: 'field' | 'query parameter'): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = fieldErrors(parsed.error, noun === 'field' ? 'body' : 'query');
  throw new DomainError(
    'invalid',
    'invalid-request',
    `Correct each ${noun} named here and send the request again: ` +
      `${errors.map(({ field, message }) => `${field} ${message}`).join('; ')}.`,
    { errors },
  );
}
