import type { RequestListener } from 'node:http';
import express, { type Response } from 'express';
import helmet from 'helmet';
import { publicUrl, type Config } from '../platform/config.ts';
import type { Database } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { platformCaller } from '../provisioning/authenticate-admin.ts';
import type { ResolveTxt } from '../provisioning/domain-challenge.ts';
import type { QueueEngine } from '../queue/engine.ts';
import { createFairShares, type FairShares } from '../rate-limit/fair-shares.ts';
import type { QuotaStore } from '../rate-limit/limit.ts';
import type { Cause } from '../sync-log/append.ts';
import { createLateEntries, type LateEntries } from '../sync-log/late-entries.ts';
import { adminRouter } from './admin/router.ts';
import { clientAddress } from './client-address.ts';
import { consoleRouter } from './console/console-files.ts';
import { dependencyChecks, healthRouter } from './health.ts';
import { metricsRouter, stateReaders, type Metrics } from './metrics.ts';
import { openApiRouter } from './openapi/router.ts';
import { makeProblem, problemHandler, sendProblem } from './problem.ts';
import { queuesRouter } from './queues/queues-router.ts';
import { createRateLimits } from './rate-limits.ts';
import { beginRequests, contextOf, requestContext } from './request-context.ts';
import { isForScim, scimIngress } from './scim/ingress.ts';

export interface AppDependencies {
  db: Database;
  config: Config;
  logger: Logger;
  /** SHA-256 of the platform admin key. */
  adminKeyHash: Buffer;
  engine: Pick<QueueEngine, 'nudge' | 'router' | 'depth' | 'ping'>;
  metrics: Metrics;
  resolveTxt: ResolveTxt;
  /** Where replicas share their rate limits; left out: this process counts for itself. */
  quotaStore?: QuotaStore;
  /** What an organization may have under way beside others; left out: as the configuration says. */
  shares?: FairShares;
  /** Where log entries wait that could not be written; left out: with this app, and lost with it. */
  lateEntries?: LateEntries;
}

/** Everything comes from here; bull-board and the small pages set inline styles, and its icons are data URLs. */
const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    baseUri: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    objectSrc: ["'none'"],
  },
};

/** The whole HTTP surface of an api process: the SCIM ingress, and an Express app for everything else. */
export function createApp(dependencies: AppDependencies): RequestListener {
  const { db, config, logger, adminKeyHash, engine, metrics, resolveTxt, quotaStore = null } = dependencies;
  const { lateEntries = createLateEntries(db, (entries) => metrics.countLogWriteFailures(entries)) } = dependencies;
  const {
    shares = createFairShares({
      atOnce: config.scimRequestsBesideOthers,
      onWaited: (end, waitedMs) => metrics.observeScimWait(end, waitedMs),
    }),
  } = dependencies;
  const base = publicUrl(config);
  const nudge = (organizationId?: string) => engine.nudge(organizationId);
  const app = express();
  app.disable('x-powered-by');
  // SCIM resources carry the ETag of their version; hashing every other answer would be work for nobody.
  app.disable('etag');
  app.set('trust proxy', config.trustedProxyHops);
  const limits = createRateLimits({
    scimPerSecond: config.scimRateLimitPerSecond,
    adminPerSecond: config.adminRateLimitPerSecond,
    store: quotaStore,
    onStoreAway: (err) => logger.warn({ err }, 'rate limits are not shared with other processes just now'),
  });
  const begin = beginRequests({ logger, metrics });
  const addressOf = clientAddress(config.trustedProxyHops);
  const scim = scimIngress({ db, publicUrl: base, nudge, limits, shares, lateEntries, begin, addressOf });
  app.use(requestContext(begin));
  app.use(helmet({ contentSecurityPolicy, hsts: base.startsWith('https:') }));
  app.use(
    '/api/v1',
    adminRouter({
      db,
      adminKeyHash,
      publicUrl: () => base,
      nudge,
      resolveTxt,
      limits,
      depth: () => engine.depth(),
      syncLogRetentionDays: config.syncLogRetentionDays,
    }),
  );
  app.use('/api', openApiRouter({ publicUrl: () => base }));
  app.use(healthRouter(dependencyChecks({ db, engine, redisUrl: config.redisUrl })));
  app.use(metricsRouter({ metrics, state: stateReaders(db, engine), logger }));
  app.use(
    '/queues',
    queuesRouter({ db, adminKeyHash, publicUrl: base, board: engine.router(causeOfOperator), limits }),
  );
  app.use(consoleRouter());
  app.use((_req, res) => {
    sendProblem(
      res,
      makeProblem({
        title: 'Not found',
        status: 404,
        detail: 'There is nothing at this address. The API is described at /api/docs.',
        code: 'not-found',
      }),
    );
  });
  app.use(problemHandler);
  return (req, res) => {
    if (isForScim(req)) scim(req, res);
    else app(req, res);
  };
}

/** Only who holds the platform admin key gets to bull-board. */
function causeOfOperator(res: Response): Cause {
  return { actor: platformCaller.actor, requestId: contextOf(res).requestId };
}
