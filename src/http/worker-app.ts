import express, { type Express } from 'express';
import { healthRouter, type DependencyChecks } from './health.ts';

/** What a worker answers on WORKER_PORT: `/healthz`, `/readyz` and `/metrics`; nothing else. */
export function createWorkerApp(checks: DependencyChecks, metrics: express.Router): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRouter(checks), metrics);
  return app;
}
