import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { page, pageQuery } from './page.ts';
import { actorType, syncLogAction, syncLogResourceType, syncLogStatus } from './sync-log.ts';
import { id, idInput, text, timestamp } from './text.ts';

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
} as const;
