import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Response, Router } from 'express';
import { reportDrift } from '../../access/drift.ts';
import { requestResync } from '../../access/resync.ts';
import { driftEndpoints } from '../../contract/drift.ts';
import { jobEndpoints } from '../../contract/jobs.ts';
import { syncLogEndpoints } from '../../contract/sync-log-endpoints.ts';
import { withHelp } from '../../jobs/entry-help.ts';
import { jobOutcome } from '../../jobs/job-outcome.ts';
import { getJob, listJobs } from '../../jobs/list.ts';
import { replayJobs, replayProgress } from '../../jobs/replay.ts';
import { trace } from '../../jobs/trace.ts';
import type { Database } from '../../platform/database.ts';
import { exportSyncLogs, type ExportFormat } from '../../sync-log/export.ts';
import { getSyncLogEntry, querySyncLogs } from '../../sync-log/query.ts';
import { tailSyncLogs } from '../../sync-log/tail.ts';
import { route, type RouteDependencies } from './route.ts';

export interface LogDependencies extends RouteDependencies {
  db: Database;
  /** Entries that are older are not shown; null: all are. */
  syncLogRetentionDays: number | null;
}

/** Sync logs, jobs, replay and resync. */
export function addLogRoutes(router: Router, deps: LogDependencies): void {
  addSyncLogRoutes(router, deps);
  addJobRoutes(router, deps);
}

function addSyncLogRoutes(router: Router, deps: LogDependencies): void {
  const { syncLogRetentionDays: retentionDays } = deps;
  route(router, deps, syncLogEndpoints.listSyncLogs, async ({ db, params: { organizationId }, query }) => {
    const { items, nextCursor } = await querySyncLogs(db, organizationId, { ...query, retentionDays });
    return { items: await withHelp(db, organizationId, items), nextCursor };
  });
  route(router, deps, syncLogEndpoints.tailSyncLogs, async ({ db, params: { organizationId }, query }) => {
    const { items, ...tail } = await tailSyncLogs(db, organizationId, { ...query, retentionDays });
    return { items: await withHelp(db, organizationId, items), ...tail };
  });
  route(router, deps, syncLogEndpoints.getTrace, ({ db, params, query }) =>
    trace(db, params.organizationId, query, { retentionDays }),
  );
  route(router, deps, syncLogEndpoints.exportSyncLogs, ({ params, query, res }) => {
    const { format, ...filters } = query;
    // A download takes as long as its reader does.
    const chunks = exportSyncLogs(deps.db, params.organizationId, { ...filters, retentionDays }, format);
    return sendDownload(res, chunks, { format, name: `sync-log-${params.organizationId}.${format}` });
  });
  // After what stands at the same place under a name of its own.
  route(router, deps, syncLogEndpoints.getSyncLogEntry, async ({ db, params: { organizationId, entryId } }) => {
    const found = await getSyncLogEntry(db, organizationId, entryId, { retentionDays });
    const [entry] = await withHelp(db, organizationId, [found]);
    if (entry === undefined) throw new Error('one entry in, one entry out'); // withHelp drops none
    return entry;
  });
}

function addJobRoutes(router: Router, deps: LogDependencies): void {
  route(router, deps, jobEndpoints.listJobs, ({ db, params, query }) => listJobs(db, { ...query, ...params }));
  route(router, deps, jobEndpoints.getJob, ({ db, params }) => getJob(db, params.organizationId, params.jobId));
  route(router, deps, jobEndpoints.getJobOutcome, ({ db, params }) =>
    jobOutcome(db, params.organizationId, params.jobId),
  );
  route(router, deps, jobEndpoints.replayJobs, ({ db, params, body, cause }) => {
    const { dryRun, ...filter } = body;
    return replayJobs(db, { ...filter, ...params }, { dryRun, cause });
  });
  route(router, deps, jobEndpoints.getReplay, ({ db, params }) => replayProgress(db, params));
  route(router, deps, jobEndpoints.getReplayOfAll, ({ db, params }) => replayProgress(db, params));
  route(router, deps, jobEndpoints.listAllJobs, ({ db, query }) => listJobs(db, query));
  route(router, deps, jobEndpoints.replayAllJobs, ({ db, body, cause }) => {
    const { dryRun, ...filter } = body;
    return replayJobs(db, filter, { dryRun, cause });
  });
  route(router, deps, driftEndpoints.reportDrift, ({ db, params, query }) =>
    reportDrift(db, params.organizationId, query),
  );
  route(router, deps, jobEndpoints.resync, ({ db, params, cause }) => requestResync(db, params.organizationId, cause));
}

const mediaTypes: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Streams a download of any size at the reader's pace. */
async function sendDownload(
  res: Response,
  chunks: AsyncGenerator<string>,
  { format, name }: { format: ExportFormat; name: string },
): Promise<void> {
  // The first chunk before the headers: an error of the first query is still answered as an error.
  const first = await chunks.next();
  res.status(200).set({
    'Content-Type': mediaTypes[format],
    'Content-Disposition': `attachment; filename="${name}"`,
  });
  try {
    await pipeline(Readable.from(startingWith(first, chunks)), res);
  } catch (error) {
    // The reader went away, as readers do.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    throw error;
  }
}

async function* startingWith(
  first: IteratorResult<string, unknown>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<string> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
