import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { failure, failureClass } from './failure.ts';
import { jobOutcome } from './jobs.ts';
import { page, pageQuery } from './page.ts';
import { actorType, syncLogAction, syncLogResourceType, syncLogStatus } from './sync-log.ts';
import { id, idInput, text, timestamp } from './text.ts';

const entryHelp = z
  .object({
    class: failureClass,
    advice: failure.shape.advice,
    job: z.enum(['failed', 'at-work', 'done']).nullable().meta({
      description: 'What became of the job meanwhile; `done` was applied, skipped, or is unknown. Null: no job failed.',
    }),
    replayJobId: id.nullable().meta({ description: 'The failed job that a replay of would help; null: none would.' }),
  })
  .meta({ id: 'SyncLogHelp', description: 'What helps after a failure: whose turn it is, and with what.' });
export type SyncLogHelpAnswer = z.infer<typeof entryHelp>;

const syncLogEntry = z
  .object({
    id,
    occurredAt: timestamp,
    action: syncLogAction,
    status: syncLogStatus,
    resource: z.object({ type: syncLogResourceType, id: z.string().nullable(), name: z.string().nullable() }),
    actor: z.object({ type: actorType, id: z.string().nullable(), name: z.string().nullable() }),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
    requestId: z.string().nullable(),
    jobId: id.nullable(),
    attempt: z.int().nullable(),
    help: entryHelp.nullable().meta({ description: 'Only where the status is FAILED.' }),
  })
  .meta({ id: 'SyncLogEntry' });
export type SyncLogEntryAnswer = z.infer<typeof syncLogEntry>;

/** Every part of an entry can be filtered by; several filters must all hold. */
const syncLogFilters = {
  status: syncLogStatus.optional(),
  action: syncLogAction.optional(),
  resourceType: syncLogResourceType.optional(),
  resourceId: text(200).optional(),
  actorType: actorType.optional(),
  actorId: text(200).optional(),
  q: text(200).optional().meta({ description: 'Part of the resource name, the actor name or the message.' }),
  from: timestamp.optional().meta({ description: 'The first moment that counts.' }),
  to: timestamp.optional().meta({ description: 'The first moment that does not count any more.' }),
  requestId: text(100).optional(),
  jobId: idInput.optional(),
};

/** A moment in the form of an id, for comparison with ids: its version and variant are none that an id has. */
const momentId = z.guid();

const logTail = z
  .object({
    items: z
      .array(syncLogEntry)
      .meta({ description: 'Oldest first. Some may have been answered before: go by the id.' }),
    cursor: momentId.meta({ description: 'To ask from next time.' }),
    leftOff: z.boolean().meta({ description: 'True: there were more; these are the newest, the list has all.' }),
  })
  .meta({ id: 'SyncLogTail' });

const countsByStatus = z.object({ SUCCESS: z.int(), SKIPPED: z.int(), FAILED: z.int() });

const trace = z
  .object({
    requestId: z.string().nullable(),
    entries: z.array(syncLogEntry).meta({ description: 'What the request itself did, in order.' }),
    jobs: z
      .array(
        jobOutcome.extend({
          counts: countsByStatus.meta({ description: 'Entries that the job has left, by status.' }),
          effects: z
            .array(syncLogEntry)
            .meta({ description: 'At most 50 of them: those of a whole walk first, then user by user.' }),
        }),
      )
      .meta({ description: 'What it set going, in order.' }),
    complete: z.boolean().meta({ description: 'False: there is more than one answer holds; use the list by `jobId`.' }),
  })
  .meta({ id: 'Trace', description: 'From a request over its jobs to what these did.' });
export type TraceAnswer = z.infer<typeof trace>;

export const exportFormats = ['csv', 'ndjson'] as const;

const tag = 'Sync log';

export const syncLogEndpoints = {
  listSyncLogs: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/sync-logs',
    operationId: 'listSyncLogs',
    tag,
    summary: 'Read the sync log, newest first',
    query: pageQuery.extend(syncLogFilters),
    request: null,
    status: 200,
    answer: page(syncLogEntry),
  }),
  tailSyncLogs: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/sync-logs/tail',
    operationId: 'tailSyncLogs',
    tag,
    summary: 'Follow the sync log: entries since a cursor, oldest first',
    description:
      'Without `after`: the newest ones. Entries become visible out of order when several are written at once, so the ' +
      'last 15 seconds are answered again.',
    query: z.strictObject({
      ...syncLogFilters,
      limit: pageQuery.shape.limit,
      after: momentId.optional().meta({ description: '`cursor` of the answer before.' }),
    }),
    request: null,
    status: 200,
    answer: logTail,
  }),
  getTrace: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/trace',
    operationId: 'getTrace',
    tag,
    summary: 'Trace a request: what it did, the jobs it added, and what these did',
    query: z
      .strictObject({
        requestId: text(100).optional(),
        jobId: idInput.optional().meta({ description: 'A job of the request; or one that no request added.' }),
      })
      .refine(
        ({ requestId, jobId }) => (requestId === undefined) !== (jobId === undefined),
        'must hold either requestId or jobId',
      ),
    request: null,
    status: 200,
    answer: trace,
  }),
  exportSyncLogs: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/sync-logs/export',
    operationId: 'exportSyncLogs',
    tag,
    summary: 'Download the sync log, newest first',
    query: z.strictObject({ ...syncLogFilters, format: z.enum(exportFormats).default('ndjson') }),
    request: null,
    status: 200,
    answer: null,
    streams: ['text/csv', 'application/x-ndjson'],
  }),
  getSyncLogEntry: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/sync-logs/{entryId}',
    operationId: 'getSyncLogEntry',
    tag,
    summary: 'Read one entry of the sync log',
    query: z.strictObject({}),
    request: null,
    status: 200,
    answer: syncLogEntry,
  }),
} as const;
