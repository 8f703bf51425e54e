import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { timestamp } from './text.ts';

const activity = z
  .object({
    from: timestamp.meta({ description: 'Where the hours begin.' }),
    to: timestamp,
    complete: z.boolean().meta({
      description: 'False: there were more entries than one answer reads; hours before `countedFrom` are too low.',
    }),
    countedFrom: timestamp.meta({ description: 'From here on everything was counted.' }),
    hours: z.array(
      z.object({
        at: timestamp.meta({ description: 'The beginning of the hour, UTC.' }),
        SUCCESS: z.int(),
        SKIPPED: z.int(),
        FAILED: z.int(),
        applied: z.int().meta({ description: 'Users whose access a job brought up to date because of a request.' }),
        appliedP50Ms: z.number().nullable().meta({ description: 'From the change to that, the median; null: none.' }),
        appliedP95Ms: z.number().nullable(),
      }),
    ),
  })
  .meta({ id: 'Activity', description: 'Entries of the sync log by hour and status, and how long changes took.' });
export type ActivityAnswer = z.infer<typeof activity>;

const query = z.strictObject({
  hours: z.coerce.number().int().min(1).max(168).default(24).meta({ description: 'So many hours up to now.' }),
});

const shared = { method: 'get', tag: 'Operations', query, request: null, status: 200, answer: activity } as const;

export const activityEndpoints = {
  getActivity: defineEndpoint({
    ...shared,
    path: '/organizations/{organizationId}/activity',
    operationId: 'getActivity',
    summary: 'Operations per hour, and the time from a change to its effect',
  }),
  getActivityOfAll: defineEndpoint({
    ...shared,
    path: '/activity',
    operationId: 'getActivityOfAll',
    summary: 'The same for all organizations together',
  }),
} as const;
