import type { Router } from 'express';
import { activityEndpoints } from '../../contract/activity.ts';
import { operationsEndpoints } from '../../contract/operations.ts';
import { readFailedByClass } from '../../jobs/failed-by-class.ts';
import { queueNames, type QueueName } from '../../jobs/job.ts';
import { readJobAges } from '../../jobs/ledger-state.ts';
import { readRates } from '../../jobs/rates.ts';
import type { Database } from '../../platform/database.ts';
import { listOrganizationHealth, organizationHealth } from '../../provisioning/sync-health.ts';
import { readActivity } from '../../sync-log/activity.ts';
import { contextOf } from '../request-context.ts';
import { route, type RouteDependencies } from './route.ts';

export interface OperationsDependencies extends RouteDependencies {
  db: Database;
  /** Jobs in the queue engine by queue and state. Rejects while the engine is away. */
  depth: () => Promise<Record<QueueName, Record<string, number>>>;
  /** Entries of the sync log that are older are not counted; null: all are. */
  syncLogRetentionDays: number | null;
}

/** How the service and its organizations are doing, for the console's pages of operators and admins. */
export function addOperationsRoutes(router: Router, deps: OperationsDependencies): void {
  const { depth, syncLogRetentionDays: retentionDays } = deps;
  route(router, deps, operationsEndpoints.getHealth, ({ db, params }) => organizationHealth(db, params.organizationId));
  route(router, deps, operationsEndpoints.listOrganizationHealth, ({ db, query }) => listOrganizationHealth(db, query));
  route(router, deps, operationsEndpoints.getOperations, async ({ db, res }) => {
    const [counts, jobs, failedByClass, rates] = await Promise.all([
      depth().catch((err: unknown) => {
        contextOf(res).logger.warn({ err }, 'the queue engine does not tell its depth');
        return null;
      }),
      readJobAges(db),
      readFailedByClass(db, null),
      readRates(db),
    ]);
    return {
      queues: counts && queueNames.map((queue) => ({ queue, states: counts[queue] })),
      jobs,
      failedByClass,
      rates,
    };
  });
  route(router, deps, activityEndpoints.getActivity, ({ db, params, query }) =>
    readActivity(db, params.organizationId, { ...query, retentionDays }),
  );
  route(router, deps, activityEndpoints.getActivityOfAll, ({ db, query }) =>
    readActivity(db, null, { ...query, retentionDays }),
  );
}
