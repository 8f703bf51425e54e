import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { failure, failureClass } from './failure.ts';
import { jobAccepted } from './groups.ts';
import { page, pageQuery } from './page.ts';
import { id, idInput, text, timestamp } from './text.ts';

export const jobQueue = z.enum(['group-membership', 'workspace-mapping']).meta({ id: 'QueueName' });
export const jobStatus = z.enum(['pending', 'dispatched', 'failed']).meta({
  id: 'JobStatus',
  description: 'A job that is done has no row any more; the sync log tells what it did.',
});

const job = z
  .object({
    id,
    organizationId: id,
    queue: jobQueue,
    status: jobStatus,
    payload: z.record(z.string(), z.unknown()).meta({ description: 'Whom the job concerns; ids only.' }),
    attempts: z.int(),
    error: z.string().nullable().meta({ description: 'What went wrong at the last attempt.' }),
    failure: failure.nullable().meta({ description: 'Whose turn it is, and what to do; null while nothing failed.' }),
    requestId: z.string().nullable(),
    progress: z
      .object({ done: z.int(), total: z.int(), changed: z.int().optional() })
      .nullable()
      .meta({ description: 'Users seen, users in all, and users whose access was changed so far.' }),
    createdAt: timestamp,
    updatedAt: timestamp,
    dispatchedAt: timestamp.nullable(),
  })
  .meta({ id: 'Job' });
export type JobAnswer = z.infer<typeof job>;

const jobStates = ['waiting', 'running', 'failed', 'applied', 'skipped'] as const;
export type JobState = (typeof jobStates)[number];

export const jobOutcome = z
  .object({
    jobId: id,
    state: z.enum(jobStates).meta({
      description:
        '`running`: the walk over the users is under way. `failed`: it waits for a replay. `applied`: access is as it should be. `skipped`: directory sync was not active, access stayed as it was.',
    }),
    queue: jobQueue.nullable().meta({ description: 'Null once the job is done.' }),
    progress: job.shape.progress,
    failure: failure.nullable(),
    message: z.string().nullable().meta({ description: 'How it ended, in words; null before.' }),
    finishedAt: timestamp.nullable(),
    entryId: id.nullable().meta({ description: 'The entry of the sync log that says so.' }),
  })
  .meta({ id: 'JobOutcome' });
export type JobOutcomeAnswer = z.infer<typeof jobOutcome>;

/** Bound on a replay by ids; a filter reaches any number. */
const maxReplayIds = 1_000;

const replayChoice = {
  ids: z.array(idInput).min(1).max(maxReplayIds).optional(),
  queue: jobQueue.optional(),
  since: timestamp.optional().meta({ description: 'Jobs that failed at this moment or later.' }),
  until: timestamp.optional().meta({ description: 'Jobs that failed before this moment.' }),
  reason: text(200).optional().meta({ description: 'Part of the error.' }),
  failureClass: failureClass.optional(),
  dryRun: z.boolean().default(false).meta({ description: 'Only count what would be replayed.' }),
};

/** Failed jobs of one organization: those named, or those that match; no condition: all of them. */
const replayJobsRequest = z.object(replayChoice).meta({ id: 'ReplayJobs' });

/** The same across organizations. */
const replayAllJobsRequest = z
  .object({ ...replayChoice, organizationId: idInput.optional() })
  .meta({ id: 'ReplayAllJobs' });

const jobsReplayed = z
  .object({
    matched: z.int().meta({ description: 'How many failed jobs the request names.' }),
    replayed: z.int().meta({ description: 'How many were put back to work; 0 in a dry run.' }),
    dryRun: z.boolean(),
    replayId: id.nullable().meta({ description: 'To follow the replay with; null when nothing was put back to work.' }),
  })
  .meta({ id: 'JobsReplayed' });

const replayProgress = z
  .object({
    id,
    unfinished: z.int().meta({ description: 'Jobs of the replay that are waiting or at work.' }),
    failed: z.int().meta({ description: 'Jobs of the replay that have failed again.' }),
  })
  .meta({
    id: 'ReplayProgress',
    description:
      'How far a replay has come: jobs that are counted neither here nor there have been applied or skipped.',
  });

const tag = 'Jobs';
const noQuery = z.strictObject({});
const jobQuery = pageQuery.extend({
  status: jobStatus.optional(),
  queue: jobQueue.optional(),
  failureClass: failureClass.optional(),
});

export const jobEndpoints = {
  listJobs: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/jobs',
    operationId: 'listJobs',
    tag,
    summary: 'List jobs that are not done, newest first',
    query: jobQuery,
    request: null,
    status: 200,
    answer: page(job),
  }),
  getJob: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/jobs/{jobId}',
    operationId: 'getJob',
    tag,
    summary: 'Read a job that is not done',
    query: noQuery,
    request: null,
    status: 200,
    answer: job,
  }),
  getJobOutcome: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/jobs/{jobId}/outcome',
    operationId: 'getJobOutcome',
    tag,
    summary: 'Follow a job until it is applied, and after',
    description: 'While the job has a row, from there; then from the sync log, for as long as that is kept.',
    query: noQuery,
    request: null,
    status: 200,
    answer: jobOutcome,
  }),
  replayJobs: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/jobs/replay',
    operationId: 'replayJobs',
    tag,
    summary: 'Replay failed jobs of an organization',
    description: 'Safe at any time: a job recomputes access from the state it finds.',
    query: noQuery,
    request: replayJobsRequest,
    status: 200,
    answer: jobsReplayed,
  }),
  getReplay: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/jobs/replays/{replayId}',
    operationId: 'getReplay',
    tag,
    summary: 'See how far a replay has come, within an organization',
    query: noQuery,
    request: null,
    status: 200,
    answer: replayProgress,
  }),
  listAllJobs: defineEndpoint({
    method: 'get',
    path: '/jobs',
    operationId: 'listAllJobs',
    tag,
    summary: 'List jobs of every organization that are not done, newest first',
    query: jobQuery.extend({ organizationId: idInput.optional() }),
    request: null,
    status: 200,
    answer: page(job),
  }),
  replayAllJobs: defineEndpoint({
    method: 'post',
    path: '/jobs/replay',
    operationId: 'replayAllJobs',
    tag,
    summary: 'Replay failed jobs of every organization',
    query: noQuery,
    request: replayAllJobsRequest,
    status: 200,
    answer: jobsReplayed,
  }),
  getReplayOfAll: defineEndpoint({
    method: 'get',
    path: '/jobs/replays/{replayId}',
    operationId: 'getReplayOfAll',
    tag,
    summary: 'See how far a replay has come',
    query: noQuery,
    request: null,
    status: 200,
    answer: replayProgress,
  }),
  resync: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/resync',
    operationId: 'resync',
    tag,
    summary: 'Recompute the access of everybody whom the directory manages',
    query: noQuery,
    request: null,
    status: 202,
    answer: jobAccepted,
  }),
} as const;
