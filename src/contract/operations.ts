import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { failureClass } from './failure.ts';
import { jobOutcome, jobQueue } from './jobs.ts';
import { plans, provisioningMode } from './organizations.ts';
import { page, pageQuery } from './page.ts';
import { id, queryBoolean, text, timestamp } from './text.ts';

/** Where counting stops: more is told as "at least so many". */
export const healthCountCap = 1_000;

const count = z.int().meta({ description: `At most ${healthCountCap}: "at least so many" then.` });

const organizationHealth = z
  .object({
    id,
    name: z.string(),
    plan: z.enum(plans),
    mode: provisioningMode,
    directorySyncActive: z.boolean(),
    lastRequestAt: timestamp.nullable().meta({ description: 'The latest accepted SCIM request; true to the minute.' }),
    unfinishedJobs: count,
    oldestUnfinishedAt: timestamp.nullable().meta({ description: 'Since when the oldest of them waits.' }),
    failedJobs: count,
    failedEntries24h: count.meta({ description: `FAILED entries of the last 24 hours; at most ${healthCountCap}.` }),
  })
  .meta({ id: 'OrganizationHealth' });
export type OrganizationHealthAnswer = z.infer<typeof organizationHealth>;

const failedByClass = z.array(
  z.object({
    class: failureClass.nullable().meta({ description: 'Null: failed under an older version that did not say.' }),
    code: z.string().nullable(),
    jobs: z.int(),
  }),
);

const health = organizationHealth
  .extend({
    failedByClass,
    walks: z
      .array(jobOutcome.extend({ reason: z.string().nullable(), createdAt: timestamp }))
      .meta({ description: 'Resyncs of the whole organization that are not done, with their progress; at most 20.' }),
  })
  .meta({ id: 'Health' });
export type HealthAnswer = z.infer<typeof health>;

const operations = z
  .object({
    queues: z
      .array(z.object({ queue: jobQueue, states: z.record(z.string(), z.int()) }))
      .nullable()
      .meta({ description: 'Jobs in the queue engine by state; null: it does not answer just now.' }),
    jobs: z.object({
      oldestUnfinishedAgeSeconds: z.number(),
      oldestPendingAgeSeconds: z.number().meta({ description: 'Of those that are in no queue yet.' }),
    }),
    failedByClass,
    rates: z
      .object({
        seconds: z.number().meta({ description: 'The stretch of time up to now that was looked at.' }),
        entriesPerMinute: z.number(),
        scimWritesPerMinute: z.number(),
        jobsPerMinute: z.number().meta({ description: 'Jobs that were applied or skipped.' }),
        jobsFailedPerMinute: z.number(),
      })
      .meta({ description: 'From the sync log of the last five minutes; of the newest 20,000 entries at most.' }),
  })
  .meta({ id: 'Operations' });
export type OperationsAnswer = z.infer<typeof operations>;

const tag = 'Operations';

export const operationsEndpoints = {
  getHealth: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/health',
    operationId: 'getHealth',
    tag,
    summary: 'How directory sync of an organization is doing',
    query: z.strictObject({}),
    request: null,
    status: 200,
    answer: health,
  }),
  listOrganizationHealth: defineEndpoint({
    method: 'get',
    path: '/operations/organizations',
    operationId: 'listOrganizationHealth',
    tag,
    summary: 'How directory sync of every organization is doing, newest organization first',
    query: pageQuery.extend({
      q: text(200).optional().meta({ description: 'Part of the name.' }),
      attention: queryBoolean.optional().meta({
        description: '`true`: only organizations with failed jobs, or with jobs that wait for over a minute.',
      }),
    }),
    request: null,
    status: 200,
    answer: page(organizationHealth),
  }),
  getOperations: defineEndpoint({
    method: 'get',
    path: '/operations',
    operationId: 'getOperations',
    tag,
    summary: 'Queues, rates and failures of the whole service',
    query: z.strictObject({}),
    request: null,
    status: 200,
    answer: operations,
  }),
} as const;
