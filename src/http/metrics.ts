import { Router } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { QueueName } from '../jobs/job.ts';
import type { Logger } from '../platform/logger.ts';
import type { RouteClass } from './route-class.ts';

/** What this process counts while it works, and what it looks up when it is asked. */
export interface Metrics {
  observeRequest(request: { routeClass: RouteClass; method: string; status: number; durationMs: number }): void;
  /** One run of a job by a worker of this process; `outcome` is one of a few words. */
  observeJob(job: { queue: QueueName; outcome: string; durationMs: number }): void;
  /** The text of the Prometheus exposition format. */
  render(state: JobState): Promise<string>;
  readonly contentType: string;
}

/** How the queues stand at this moment; what could not be found out is left out. */
export interface JobState {
  /** Jobs in the queue engine by queue and state. */
  depth?: Record<QueueName, Record<string, number>>;
  /** Age of the oldest job row that is neither applied nor failed; 0 when there is none. */
  oldestUnfinishedJobAgeSeconds?: number;
}

const countedMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Process metrics (memory, event loop, CPU) come along with the service's own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const requests = new Histogram({
    name: 'rollcall_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer.',
    labelNames: ['route', 'method', 'status'] as const,
    // A write is expected in a few milliseconds; a request may take ten seconds at most.
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const jobs = new Histogram({
    name: 'rollcall_job_duration_seconds',
    help: 'Time that one run of a job took in a worker of this process, by its outcome.',
    labelNames: ['queue', 'outcome'] as const,
    // From one user to a walk over an organization of a hundred thousand.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300],
    registers: [registry],
  });
  const depth = new Gauge({
    name: 'rollcall_queue_jobs',
    help: 'Jobs in the queue engine, by queue and state.',
    labelNames: ['queue', 'state'] as const,
    registers: [registry],
  });
  const oldest = new Gauge({
    name: 'rollcall_oldest_unfinished_job_age_seconds',
    help: 'Age of the oldest job row that is neither applied nor failed; 0 when there is none.',
    registers: [registry],
  });

  return {
    contentType: registry.contentType,
    observeRequest: ({ routeClass, method, status, durationMs }) => {
      // A client may send any word as its method: the series must stay few.
      const label = countedMethods.has(method) ? method : 'OTHER';
      requests.observe({ route: routeClass, method: label, status }, durationMs / 1000);
    },
    observeJob: ({ queue, outcome, durationMs }) => jobs.observe({ queue, outcome }, durationMs / 1000),
    render: async (state) => {
      depth.reset();
      for (const [queue, counts] of Object.entries(state.depth ?? {})) {
        for (const [name, count] of Object.entries(counts)) depth.set({ queue, state: name }, count);
      }
      // No number is better than a wrong one.
      if (state.oldestUnfinishedJobAgeSeconds === undefined) oldest.remove();
      else oldest.set(state.oldestUnfinishedJobAgeSeconds);
      return registry.metrics();
    },
  };
}

/** `/metrics`. What cannot be looked up, because its dependency is away, is missing from the answer; the rest stays. */
export function metricsRouter(dependencies: {
  metrics: Pick<Metrics, 'render' | 'contentType'>;
  depth: () => Promise<Record<QueueName, Record<string, number>>>;
  oldestUnfinishedAgeSeconds: () => Promise<number>;
  logger: Pick<Logger, 'warn'>;
}): Router {
  const { metrics, logger } = dependencies;
  const orMissing = (name: string) => (err: unknown) => {
    logger.warn({ err }, `metrics: ${name} cannot be read`);
    return undefined;
  };
  const router = Router();
  router.get('/metrics', async (_req, res) => {
    const [depth, age] = await Promise.all([
      dependencies.depth().catch(orMissing('queue depth')),
      dependencies.oldestUnfinishedAgeSeconds().catch(orMissing('age of the oldest job')),
    ]);
    const text = await metrics.render({
      ...(depth !== undefined && { depth }),
      ...(age !== undefined && { oldestUnfinishedJobAgeSeconds: age }),
    });
    res.set('Content-Type', metrics.contentType).send(text);
  });
  return router;
}
