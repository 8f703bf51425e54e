import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { page, pageQuery } from './page.ts';
import { id, name, timestamp } from './text.ts';

export const adminKeyRole = z.enum(['admin', 'viewer']).meta({
  id: 'AdminKeyRole',
  description: '`admin` may do everything in its organization, `viewer` only read.',
});
export type AdminKeyRole = z.infer<typeof adminKeyRole>;

const createAdminKeyRequest = z
  .object({
    name: name.meta({ description: 'For people: what or who uses the key. The sync log names it.' }),
    role: adminKeyRole,
  })
  .meta({ id: 'CreateAdminKey' });

const adminKey = z
  .object({
    id,
    name: z.string(),
    role: adminKeyRole,
    prefix: z.string(),
    lastFour: z.string(),
    createdAt: timestamp,
    lastUsedAt: timestamp.nullable().meta({ description: 'True to the minute.' }),
  })
  .meta({ id: 'AdminKey' });
export type AdminKeyAnswer = z.infer<typeof adminKey>;

const adminKeyCreated = adminKey
  .extend({ key: z.string().meta({ description: 'The key. Shown this once; only its hash is stored.' }) })
  .meta({ id: 'AdminKeyCreated' });

const tag = 'Admin keys';
const noQuery = z.strictObject({});

export const adminKeyEndpoints = {
  createAdminKey: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/admin-keys',
    operationId: 'createAdminKey',
    tag,
    summary: 'Create an admin key of the organization',
    description: 'It opens this API for one organization. The answer shows the key, once.',
    query: noQuery,
    request: createAdminKeyRequest,
    status: 201,
    answer: adminKeyCreated,
  }),
  listAdminKeys: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/admin-keys',
    operationId: 'listAdminKeys',
    tag,
    summary: 'List the admin keys that work now, newest first',
    query: pageQuery,
    request: null,
    status: 200,
    answer: page(adminKey),
  }),
  revokeAdminKey: defineEndpoint({
    method: 'delete',
    path: '/organizations/{organizationId}/admin-keys/{keyId}',
    operationId: 'revokeAdminKey',
    tag,
    summary: 'Revoke an admin key at once',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
} as const;
