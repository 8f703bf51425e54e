import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { provisioningMode } from './organizations.ts';
import { id, timestamp } from './text.ts';

const firstOf = z.object({ at: timestamp, id, name: z.string() }).nullable();

/** What is counted stops here: a checklist needs no more. */
export const setupCountCap = 10_000;

const count = z.int().meta({ description: `At most ${setupCountCap}: "at least so many" then.` });

const setup = z
  .object({
    mode: provisioningMode,
    directorySyncActive: z.boolean(),
    prerequisites: z
      .object({ planAllows: z.boolean(), ssoIsActive: z.boolean(), hasVerifiedDomain: z.boolean() })
      .meta({ description: 'What `scim` needs; `missing` says the same in words.' }),
    missing: z.array(z.string()).meta({ description: 'What has to be done first, each as a sentence.' }),
    firstTokenAcceptedAt: timestamp.nullable().meta({ description: 'Of any SCIM token of the organization, ever.' }),
    lastRequestAt: timestamp.nullable().meta({ description: 'The latest accepted SCIM request; true to the minute.' }),
    firstUser: firstOf.meta({ description: 'The oldest user whom the directory manages.' }),
    firstGroup: firstOf.meta({ description: 'The oldest group.' }),
    firstMembership: firstOf.meta({ description: 'A membership of the oldest group that has any; names the group.' }),
    firstMapping: firstOf.meta({ description: 'The oldest mapping; names the group.' }),
    users: count,
    groups: count,
    mappedGroups: count,
  })
  .meta({ id: 'Setup' });
export type SetupAnswer = z.infer<typeof setup>;

export const setupEndpoints = {
  getSetup: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/setup',
    operationId: 'getSetup',
    tag: 'Provisioning',
    summary: 'How far the set-up of directory sync has come',
    description: 'What is missing, and which of the first calls of the identity provider have arrived.',
    query: z.strictObject({}),
    request: null,
    status: 200,
    answer: setup,
  }),
} as const;
