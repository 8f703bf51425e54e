import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { provisioningMode } from './organizations.ts';
import { page, pageQuery } from './page.ts';
import { id, timestamp } from './text.ts';

const setProvisioningRequest = z
  .object({
    mode: provisioningMode,
    confirm: z.boolean().optional().meta({ description: 'Needed to leave `scim`.' }),
  })
  .meta({ id: 'SetProvisioning' });

const credentials = {
  token: z.string().meta({ description: 'The bearer token. Shown this once; only its hash is stored.' }),
  baseUrl: z.url().meta({ description: 'The SCIM base URL for the identity provider.' }),
};

/** Answer to a change of the mode; `token` and `baseUrl` are there when it selected `scim`. */
const provisioningChanged = z
  .object({
    mode: provisioningMode,
    token: credentials.token.optional(),
    baseUrl: credentials.baseUrl.optional(),
    jobId: id.optional().meta({ description: 'The job that re-synchronizes everybody after `scim` was selected.' }),
  })
  .meta({ id: 'ProvisioningChanged' });

const provisioning = z
  .object({
    mode: provisioningMode,
    baseUrl: credentials.baseUrl,
    directorySync: z
      .object({
        active: z.boolean(),
        missing: z.array(z.string()).meta({ description: 'What has to be done before directory sync can run.' }),
      })
      .meta({ description: 'Whether directory sync runs, or could run once `scim` is selected.' }),
    bulkChangeAlarm: z
      .object({
        occurredAt: timestamp,
        tokenId: id,
        message: z.string(),
        users: z.int().meta({ description: 'Users whom the token removed in the window; an upper bound.' }),
        activeUsers: z.int().meta({ description: 'Active users before that.' }),
        windowMinutes: z.int(),
      })
      .nullable()
      .meta({
        description:
          'The latest time within a week that one token deactivated, deleted or removed from groups unusually many users.',
      }),
  })
  .meta({ id: 'Provisioning' });

const scimToken = z
  .object({
    id,
    prefix: z.string(),
    lastFour: z.string(),
    createdAt: timestamp,
    firstUsedAt: timestamp.nullable().meta({ description: 'When it was accepted for the first time; null: never.' }),
    lastUsedAt: timestamp.nullable().meta({ description: 'True to the minute.' }),
    expiresAt: timestamp.nullable(),
  })
  .meta({ id: 'ScimToken' });

const scimTokenRotated = z
  .object({
    tokenId: id,
    ...credentials,
    previousTokenExpiresAt: timestamp.nullable().meta({ description: 'Null when no earlier token was valid.' }),
  })
  .meta({ id: 'ScimTokenRotated' });

const tag = 'Provisioning';
const noQuery = z.strictObject({});

export const provisioningEndpoints = {
  getProvisioning: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/provisioning',
    operationId: 'getProvisioning',
    tag,
    summary: 'Read the provisioning mode',
    query: noQuery,
    request: null,
    status: 200,
    answer: provisioning,
  }),
  setProvisioning: defineEndpoint({
    method: 'put',
    path: '/organizations/{organizationId}/provisioning',
    operationId: 'setProvisioning',
    tag,
    summary: 'Select the provisioning mode',
    description:
      'Selecting `scim` answers with a token and the SCIM base URL, once. Leaving it revokes every token and stops directory sync at once.',
    query: noQuery,
    request: setProvisioningRequest,
    status: 200,
    answer: provisioningChanged,
    refusals: { 409: 'A prerequisite is missing, or leaving `scim` was not confirmed.' },
  }),
  rotateScimToken: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/scim-tokens/rotate',
    operationId: 'rotateScimToken',
    tag,
    summary: 'Issue a new SCIM token',
    description: 'The previous token stays valid for 24 hours. Rotating again keeps only the two newest.',
    query: noQuery,
    request: null,
    status: 200,
    answer: scimTokenRotated,
    refusals: { 409: 'The provisioning mode is not `scim`.' },
  }),
  listScimTokens: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/scim-tokens',
    operationId: 'listScimTokens',
    tag,
    summary: 'List the SCIM tokens that work now',
    query: pageQuery,
    request: null,
    status: 200,
    answer: page(scimToken),
  }),
  revokeScimToken: defineEndpoint({
    method: 'delete',
    path: '/organizations/{organizationId}/scim-tokens/{tokenId}',
    operationId: 'revokeScimToken',
    tag,
    summary: 'Revoke a SCIM token at once',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
} as const;
