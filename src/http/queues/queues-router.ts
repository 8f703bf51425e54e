import express, { type Request, type RequestHandler, type Router } from 'express';
import type { Queryable } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { identify, type AuthenticatedAdmin } from '../admin/authenticate.ts';
import { problemHandler } from '../problem.ts';
import { sendToSignIn, type RateLimits } from '../rate-limits.ts';
import { isFromOwnPage, isReading, requireOwnWrite } from '../session/own-origin.ts';

/** Where the console asks for an admin key; `returnTo` is a path of ours. */
const signInPath = '/sign-in';

/**
 * bull-board for the platform admin, to be mounted at `/queues`: by the session that the console's sign-in gives, or by
 * `Authorization: Bearer <platform admin key>`. Without either nothing of it is served, its scripts and styles included.
 *
 * @param board the router of `queue/bull-board.ts`
 */
export function queuesRouter(options: {
  db: Queryable;
  adminKeyHash: Buffer;
  publicUrl: string;
  board: RequestHandler;
  limits: Pick<RateLimits, 'strangers'>;
}): Router {
  const { board, limits, publicUrl } = options;
  const router = express.Router();
  router.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  // Keys can be guessed here as well as at the API.
  router.use(limits.strangers((res) => res.statusCode !== 401));
  router.use(requireOperator({ ...options, publicUrl: () => publicUrl }), board);
  router.use(problemHandler);
  return router;
}

/**
 * A browser tells where a write comes from: a page of somebody else must not retry or remove our jobs, whatever it can
 * send along.
 */
function requireOperator(deps: { db: Queryable; adminKeyHash: Buffer; publicUrl: () => string }): RequestHandler {
  return async (req, res, next) => {
    let operator: Pick<AuthenticatedAdmin, 'caller' | 'session'>;
    try {
      operator = await identify(req, deps);
    } catch (error) {
      if (!isUnauthenticated(error) || !isVisit(req)) throw error;
      sendToSignIn(res, `${signInPath}?returnTo=${encodeURIComponent(req.originalUrl)}`);
      return;
    }
    if (operator.caller.role !== 'platform') throw notOperator();
    const hasForm =
      typeof req.is(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) === 'string';
    if (operator.session !== null || isFromOwnPage(req, deps.publicUrl()) === false || (hasForm && !isReading(req))) {
      requireOwnWrite(req, deps.publicUrl());
    }
    next();
  };
}

/** A person who opens a page, not a script that asks for data. */
function isVisit(req: Request): boolean {
  return req.method === 'GET' && req.get('authorization') === undefined && req.accepts(['json', 'html']) === 'html';
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof DomainError && error.kind === 'unauthenticated';
}

function notOperator(): DomainError {
  return new DomainError(
    'unauthenticated',
    'platform-key-needed',
    'The queues hold jobs of every organization. Sign in with the platform admin key, or send it as a bearer token.',
  );
}
