import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { newId } from '../platform/ids.ts';
import { withKnownFields, type Logger } from '../platform/logger.ts';
import { redactSecrets } from '../platform/redact-secrets.ts';
import type { Metrics } from './metrics.ts';
import { requestDeadlines, type RequestDeadlines } from './request-deadline.ts';
import { pathOf } from './request-target.ts';
import { organizationIn, routeClassOf } from './route-class.ts';

type CountedByRequests = Pick<Metrics, 'countSignInDenial' | 'countConsoleSignInFailure'>;

/** What belongs to one request alone; never kept on anything that requests share. */
export interface RequestContext {
  /** The caller's `X-Request-Id` when it is usable, else a new one; sent back, logged, and kept in the sync log. */
  requestId: string;
  /** Writes the request's id into each of its lines. */
  logger: Logger;
  /** What is worth a number of its own. */
  metrics: CountedByRequests;
  deadlines: RequestDeadlines;
  /**
   * Called when the answer is out, or the client gone, and no more than once. Here and not as one more listener: a long
   * answer has so many of its own that Node would warn of a leak.
   */
  whenOver: (() => void) | null;
}

/** Anything else could forge log lines, overflow columns or be a secret; such an id is replaced, not refused. */
function isUsable(requestId: string): boolean {
  return /^[\w.-]{1,100}$/.test(requestId) && redactSecrets(requestId) === requestId;
}

/** Begins a request. */
export type BeginRequest = (req: IncomingMessage, res: ServerResponse) => RequestContext;

/**
 * Gives each request its context, and when it is over writes one line to the log and one observation to the metrics. The
 * path is logged without its query, which may hold personal data or a misplaced token.
 */
export function beginRequests(dependencies: {
  logger: Logger;
  metrics: Pick<Metrics, 'observeRequest'> & CountedByRequests;
}): BeginRequest {
  const { logger, metrics } = dependencies;
  const lines = withKnownFields(logger);
  return (req, res) => {
    const startedAt = performance.now();
    const given = req.headers['x-request-id'];
    const requestId = typeof given === 'string' && isUsable(given) ? given : newId();
    let ownLogger: Logger | undefined;
    const context: RequestContext = {
      requestId,
      // Made when it is needed: to make one costs more than its line at the end, and most requests need no more than that.
      get logger() {
        return (ownLogger ??= logger.child({ requestId }));
      },
      metrics,
      deadlines: requestDeadlines(res, startedAt),
      whenOver: null,
    };
    res.setHeader('X-Request-Id', requestId);
    // Taken now: routers shorten the address while they handle the request.
    const { method = '' } = req;
    const path = loggable(pathOf(req));

    res.once('close', () => {
      const durationMs = performance.now() - startedAt;
      const routeClass = routeClassOf(path);
      const status = res.statusCode;
      metrics.observeRequest({ routeClass, method, status, durationMs });
      const organizationId = organizationIn(path);
      const line = {
        requestId,
        method,
        path,
        status,
        durationMs: Math.round(durationMs * 10) / 10,
        ...(organizationId !== undefined && { organizationId }),
        // The caller went away before the answer was out.
        ...(!res.writableFinished && { aborted: true }),
      };
      // Probes come every few seconds, for ever.
      if (routeClass === 'health' || routeClass === 'metrics') lines.debug(line, 'request');
      else lines.info(line, 'request');
      context.whenOver?.();
    });
    return context;
  };
}

/** `begin` as the first middleware of all. */
export function requestContext(begin: BeginRequest): RequestHandler {
  return (req, res, next) => {
    res.locals['context'] = begin(req, res);
    next();
  };
}

/**
 * A path as the log may hold it. Ours are made of words, ids, domains and URNs; anything else that stands between two
 * slashes came from elsewhere (an address instead of an id, say) and is left out.
 */
function loggable(path: string): string {
  return path.replace(/[^/]+/g, (segment) => (/^[\w.:-]{1,100}$/.test(segment) ? segment : '[...]'));
}

/** The context that `requestContext` gave this request. */
export function contextOf(res: Response): RequestContext {
  return res.locals['context'] as RequestContext;
}
