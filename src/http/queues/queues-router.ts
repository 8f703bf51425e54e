import { timingSafeEqual } from 'node:crypto';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { hashAdminKey } from '../../platform/admin-key.ts';
import type { RateLimits } from '../rate-limits.ts';
import { loginPage } from './login-page.ts';
import { sessionCookie, type SessionCookie } from './session-cookie.ts';

/**
 * bull-board behind the platform admin key, to be mounted at `/queues`: by a session that the login page gives, or by
 * `Authorization: Bearer <admin key>`. Without either nothing of it is served, its scripts and styles included.
 *
 * @param board the router of `queue/bull-board.ts`
 */
export function queuesRouter(options: {
  adminKeyHash: Buffer;
  publicUrl: string;
  board: RequestHandler;
  limits: Pick<RateLimits, 'strangers'>;
}): Router {
  const { adminKeyHash, publicUrl, board, limits } = options;
  const cookie = sessionCookie(adminKeyHash, publicUrl.startsWith('https:'));
  const router = express.Router();
  router.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  // Keys can be guessed here as well as at the API.
  router.use(limits.strangers((res) => res.statusCode !== 401));
  const requireOwnOrigin = ownOriginOnly(new URL(publicUrl).origin);
  router.post('/login', requireOwnOrigin, express.urlencoded({ limit: '4kb', extended: false }), (req, res) => {
    const key = keyIn(req.body);
    if (key === undefined || !isAdminKey(key, adminKeyHash)) {
      sendLogin(res, 'This is not the platform admin key.');
      return;
    }
    res.set('Set-Cookie', cookie.issue(new Date())).redirect(303, '/queues');
  });
  router.use(requireOperator(cookie, adminKeyHash), requireOwnOrigin, refuseForms, board);
  return router;
}

function requireOperator(cookie: SessionCookie, adminKeyHash: Buffer): RequestHandler {
  return (req, res, next) => {
    const bearer = /^Bearer +(\S+) *$/i.exec(req.get('authorization') ?? '')?.[1];
    const allowed =
      cookie.isValid(req.get('cookie'), new Date()) || (bearer !== undefined && isAdminKey(bearer, adminKeyHash));
    if (allowed) next();
    else if (req.method === 'GET' && req.accepts(['json', 'html']) === 'html') sendLogin(res);
    else res.status(401).json({ error: 'Log in at /queues, or send the platform admin key as a bearer token.' });
  };
}

/**
 * A browser tells where a write comes from; a page of somebody else must not retry or remove our jobs. Behind a proxy
 * that changes `Host`, the public origin is the one that the browser names.
 */
function ownOriginOnly(publicOrigin: string): RequestHandler {
  return (req, res, next) => {
    if (isOwnOrigin(req, publicOrigin)) next();
    else res.status(403).json({ error: 'This request comes from another site.' });
  };
}

/** What a page of another site could send without asking first (a form, or a script by way of `text/plain`) is no JSON. */
const refuseForms: RequestHandler = (req, res, next) => {
  const isForm = req.is(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']);
  if (typeof isForm === 'string') res.status(403).json({ error: 'Send JSON, with "Content-Type: application/json".' });
  else next();
};

function isOwnOrigin(req: Request, publicOrigin: string): boolean {
  const origin = req.get('origin');
  if (req.method === 'GET' || req.method === 'HEAD' || origin === undefined) return true;
  return origin === publicOrigin || (URL.canParse(origin) && new URL(origin).host === req.get('host'));
}

function sendLogin(res: Response, problem?: string): void {
  res.status(401).type('html').send(loginPage(problem));
}

function isAdminKey(key: string, adminKeyHash: Buffer): boolean {
  return timingSafeEqual(hashAdminKey(key), adminKeyHash);
}

function keyIn(body: unknown): string | undefined {
  const key = typeof body === 'object' && body !== null && 'key' in body ? body.key : undefined;
  return typeof key === 'string' ? key.trim() : undefined;
}
