import { Router } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SignInReason } from '../contract/users.ts';
import { signInReasons } from '../contract/users.ts';
import { queueNames, type QueueName } from '../jobs/job.ts';
import { readLedgerState, type LedgerState } from '../jobs/ledger-state.ts';
import type { Queryable } from '../platform/database.ts';
import type { Logger } from '../platform/logger.ts';
import { readTokenExpiry, type TokenExpiry } from '../provisioning/token-expiry.ts';
import { readPartitionsAhead } from '../sync-log/retention.ts';
import { waitEnds, type WaitEnd } from '../rate-limit/fair-shares.ts';
import type { RouteClass } from './route-class.ts';

/**
 * What this process counts while it works, and what it looks up when it is asked. No label names an organization, a user
 * or a path: the number of series does not grow with the customers.
 */
export interface Metrics {
  observeRequest(request: { routeClass: RouteClass; method: string; status: number; durationMs: number }): void;
  /** A SCIM request, or a bulk between two operations, had to wait for its organization's turn; and how that ended. */
  observeScimWait(end: WaitEnd, waitedMs: number): void;
  /** One run of a job by a worker of this process; `outcome` is one of a few words. */
  observeJob(job: { queue: QueueName; outcome: string; durationMs: number }): void;
  /** A job was put into its queue for the first time, so long after its change was committed. */
  observeDispatch(job: { queue: QueueName; lagMs: number }): void;
  /** A periodic resync found so many users whose access was wrong, and repaired it. */
  countDriftRepaired(users: number): void;
  countSignInDenial(reason: SignInReason): void;
  /** Somebody gave a key at the console's sign-in that is none. */
  countConsoleSignInFailure(): void;
  /** Entries of the sync log that were given up: they could not be written within two minutes. */
  countLogWriteFailures(entries: number): void;
  countBulkChangeAlarms(alarms: number): void;
  /** Weeks could not be added to the sync log, or expired entries not be removed. */
  countSyncLogMaintenanceFailure(): void;
  /** The text of the Prometheus exposition format. */
  render(state: ServiceState): Promise<string>;
  readonly contentType: string;
}

/** How things stand at this moment; what could not be found out is left out. */
export interface ServiceState {
  /** Jobs in the queue engine by queue and state. */
  depth?: Record<QueueName, Record<string, number>> | undefined;
  ledger?: LedgerState | undefined;
  tokens?: TokenExpiry | undefined;
  /** How far the partitions of the sync log reach ahead of now, in seconds. */
  syncLogAhead?: number | undefined;
}

const countedMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Process metrics (memory, event loop, CPU) come along with the service's own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const requests = new Histogram({
    name: 'rollcall_http_request_duration_seconds',
    help: 'Time from the request line to the end of the answer.',
    labelNames: ['route', 'method', 'status'] as const,
    // A write is expected in a few milliseconds; a request may take ten seconds at most.
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const scimWaits = new Histogram({
    name: 'rollcall_scim_wait_seconds',
    help: 'Time that SCIM requests waited because their organization had its share under way already, by how it ended; who did not wait is not counted.',
    labelNames: ['end'] as const,
    // A turn takes milliseconds; nobody waits longer than a request may take.
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const jobs = new Histogram({
    name: 'rollcall_job_duration_seconds',
    help: 'Time that one run of a job took in a worker of this process, by its outcome.',
    labelNames: ['queue', 'outcome'] as const,
    // From one user to a walk over an organization of a hundred thousand.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300],
    registers,
  });
  const dispatchLag = new Histogram({
    name: 'rollcall_dispatch_lag_seconds',
    help: 'Time from the commit of a change to its job being in the queue, for jobs that this process put there.',
    labelNames: ['queue'] as const,
    // A nudge takes milliseconds, a sweep up to a second; beyond that organizations wait for their turn.
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300],
    registers,
  });
  const driftRepaired = new Counter({
    name: 'rollcall_drift_repaired_users_total',
    help: 'Users whose access a periodic resync in this process found wrong, and repaired.',
    registers,
  });
  const signInDenials = new Counter({
    name: 'rollcall_sign_in_denials_total',
    help: 'Sign-ins that this process denied, by reason.',
    labelNames: ['reason'] as const,
    registers,
  });
  const consoleSignInFailures = new Counter({
    name: 'rollcall_console_sign_in_failures_total',
    help: 'Sign-ins to the console with a wrong admin key, at this process.',
    registers,
  });
  const logWriteFailures = new Counter({
    name: 'rollcall_log_write_failures_total',
    help: 'FAILED entries of refused SCIM writes that this process gave up: the database took none for minutes. Every other entry is in the transaction of its change, or the request is answered 503.',
    registers,
  });
  const bulkChangeAlarms = new Counter({
    name: 'rollcall_bulk_change_alarms_total',
    help: 'Alarms that this process raised because one token removed unusually many users.',
    registers,
  });
  const syncLogMaintenanceFailures = new Counter({
    name: 'rollcall_sync_log_maintenance_failures_total',
    help: 'Times that this process could not add weeks to the sync log or remove expired entries.',
    registers,
  });
  // A series that appears with its first event has no increase: start them all at zero.
  for (const queue of queueNames) dispatchLag.zero({ queue });
  for (const end of waitEnds) scimWaits.zero({ end });
  for (const reason of signInReasons) {
    if (reason !== 'active-user' && reason !== 'created') signInDenials.inc({ reason }, 0);
  }
  const state = stateGauges(registry);

  return {
    contentType: registry.contentType,
    observeRequest: ({ routeClass, method, status, durationMs }) => {
      // A client may send any word as its method: the series must stay few.
      const label = countedMethods.has(method) ? method : 'OTHER';
      requests.observe({ route: routeClass, method: label, status }, durationMs / 1000);
    },
    observeScimWait: (end, waitedMs) => scimWaits.observe({ end }, waitedMs / 1000),
    observeJob: ({ queue, outcome, durationMs }) => jobs.observe({ queue, outcome }, durationMs / 1000),
    observeDispatch: ({ queue, lagMs }) => dispatchLag.observe({ queue }, lagMs / 1000),
    countDriftRepaired: (users) => driftRepaired.inc(users),
    countSignInDenial: (reason) => signInDenials.inc({ reason }),
    countConsoleSignInFailure: () => consoleSignInFailures.inc(),
    countLogWriteFailures: (entries) => logWriteFailures.inc(entries),
    countBulkChangeAlarms: (alarms) => bulkChangeAlarms.inc(alarms),
    countSyncLogMaintenanceFailure: () => syncLogMaintenanceFailures.inc(),
    render: (now) => {
      state.set(now);
      return registry.metrics();
    },
  };
}

/** Gauges of what is looked up at each scrape: every process answers the same, so queries take the maximum. */
function stateGauges(registry: Registry): { set(state: ServiceState): void } {
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const depth = gauge('rollcall_queue_jobs', 'Jobs in the queue engine, by queue and state.', ['queue', 'state']);
  const oldestUnfinished = gauge(
    'rollcall_oldest_unfinished_job_age_seconds',
    'Age of the oldest job row that is neither applied nor failed; 0 when there is none.',
  );
  const oldestPending = gauge(
    'rollcall_oldest_pending_job_age_seconds',
    'Age of the oldest job row that is in no queue yet; 0 when there is none.',
  );
  const failed = gauge('rollcall_failed_jobs', 'Job rows that failed and wait for a replay, by whose turn it is.', [
    'class',
  ]);
  const nextExpiry = gauge(
    'rollcall_scim_token_next_expiry_seconds',
    'Until the next rotated SCIM token expires; missing when none is about to.',
  );
  const expiringInUse = gauge(
    'rollcall_scim_tokens_expiring_in_use',
    'Rotated SCIM tokens that are about to expire and were used within the last hour.',
  );
  const syncLogAhead = gauge(
    'rollcall_sync_log_partitions_ahead_seconds',
    'Until the last week that the sync log has a partition for ends; below 0 entries go where no week is.',
  );
  // No number is better than a wrong one.
  const setOrRemove = (one: Gauge, value: number | null | undefined): void => {
    if (value == null) one.remove();
    else one.set(value);
  };
  return {
    set({ depth: counted, ledger, tokens, syncLogAhead: ahead }) {
      depth.reset();
      for (const [queue, counts] of Object.entries(counted ?? {})) {
        for (const [name, count] of Object.entries(counts)) depth.set({ queue, state: name }, count);
      }
      failed.reset();
      for (const [turn, count] of Object.entries(ledger?.failed ?? {})) failed.set({ class: turn }, count);
      setOrRemove(oldestUnfinished, ledger?.oldestUnfinishedAgeSeconds);
      setOrRemove(oldestPending, ledger?.oldestPendingAgeSeconds);
      setOrRemove(nextExpiry, tokens?.nextSeconds);
      setOrRemove(expiringInUse, tokens?.inUse);
      setOrRemove(syncLogAhead, ahead);
    },
  };
}

export interface StateReaders {
  depth: () => Promise<Record<QueueName, Record<string, number>>>;
  ledger: () => Promise<LedgerState>;
  tokens: () => Promise<TokenExpiry>;
  syncLogAhead: () => Promise<number>;
}

/** What a process looks up when its metrics are asked for. */
export function stateReaders(db: Queryable, engine: Pick<StateReaders, 'depth'>): StateReaders {
  return {
    depth: () => engine.depth(),
    ledger: () => readLedgerState(db),
    tokens: () => readTokenExpiry(db),
    syncLogAhead: () => readPartitionsAhead(db),
  };
}

/** `/metrics`. What cannot be looked up, because its dependency is away, is missing from the answer; the rest stays. */
export function metricsRouter(dependencies: {
  metrics: Pick<Metrics, 'render' | 'contentType'>;
  state: StateReaders;
  logger: Pick<Logger, 'warn'>;
}): Router {
  const { metrics, state, logger } = dependencies;
  const orMissing = (name: string) => (err: unknown) => {
    logger.warn({ err }, `metrics: ${name} cannot be read`);
    return undefined;
  };
  const router = Router();
  router.get('/metrics', async (_req, res) => {
    const [depth, ledger, tokens, syncLogAhead] = await Promise.all([
      state.depth().catch(orMissing('queue depth')),
      state.ledger().catch(orMissing('state of the job rows')),
      state.tokens().catch(orMissing('expiry of tokens')),
      state.syncLogAhead().catch(orMissing('partitions of the sync log')),
    ]);
    const text = await metrics.render({ depth, ledger, tokens, syncLogAhead });
    res.set('Content-Type', metrics.contentType).send(text);
  });
  return router;
}
