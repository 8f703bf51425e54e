import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { page, pageQuery } from './page.ts';
import { organizationRole } from './roles.ts';
import { id, name, text, timestamp } from './text.ts';

export const plans = ['free', 'business', 'enterprise'] as const;
const plan = z.enum(plans).meta({ id: 'Plan', description: 'Directory sync needs `business` or `enterprise`.' });
export type Plan = z.infer<typeof plan>;

export const userNameFormats = ['email', 'any'] as const;
const userNameFormat = z.enum(userNameFormats).meta({
  id: 'UserNameFormat',
  description:
    "`email`: a userName is the user's address. `any`: it is any unique text, and the address comes from `emails`.",
});
export type UserNameFormat = z.infer<typeof userNameFormat>;

const provisioningModes = ['manual', 'jit', 'scim'] as const;
export const provisioningMode = z.enum(provisioningModes).meta({
  id: 'ProvisioningMode',
  description:
    '`manual`: admins invite and remove users. `jit`: a sign-in through SSO creates the user. `scim`: the identity provider pushes users and groups.',
});
export type ProvisioningMode = z.infer<typeof provisioningMode>;

const organization = z
  .object({
    id,
    name: z.string(),
    plan,
    userNameFormat,
    provisioningMode,
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Organization' });
export type OrganizationAnswer = z.infer<typeof organization>;

const createOrganizationRequest = z
  .object({ name, plan, userNameFormat: userNameFormat.default('email') })
  .meta({ id: 'CreateOrganization' });

const updateOrganizationRequest = z
  .object({ name: name.optional(), plan: plan.optional(), userNameFormat: userNameFormat.optional() })
  .refine((changes) => Object.keys(changes).length > 0, 'must hold at least one of name, plan and userNameFormat')
  .meta({ id: 'UpdateOrganization' });

const ssoConnectionRequest = z
  .object({
    provider: text(100).meta({ description: 'For people, e.g. "okta".' }),
    status: z.enum(['active', 'inactive']),
    defaultRole: organizationRole.meta({
      description: 'The connection role: what a user gets when no group sets one.',
    }),
  })
  .meta({ id: 'SetSsoConnection' });

const ssoConnection = z
  .object({
    provider: z.string(),
    status: z.enum(['active', 'inactive']),
    defaultRole: organizationRole,
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'SsoConnection' });

const tag = 'Organizations';
const noQuery = z.strictObject({});

export const organizationEndpoints = {
  createOrganization: defineEndpoint({
    method: 'post',
    path: '/organizations',
    operationId: 'createOrganization',
    tag,
    summary: 'Create an organization',
    query: noQuery,
    request: createOrganizationRequest,
    status: 201,
    answer: organization,
  }),
  listOrganizations: defineEndpoint({
    method: 'get',
    path: '/organizations',
    operationId: 'listOrganizations',
    tag,
    summary: 'List organizations, newest first',
    query: pageQuery.extend({ q: text(200).optional().meta({ description: 'Part of the name.' }) }),
    request: null,
    status: 200,
    answer: page(organization),
  }),
  getOrganization: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}',
    operationId: 'getOrganization',
    tag,
    summary: 'Read an organization',
    query: noQuery,
    request: null,
    status: 200,
    answer: organization,
  }),
  updateOrganization: defineEndpoint({
    method: 'patch',
    path: '/organizations/{organizationId}',
    operationId: 'updateOrganization',
    tag,
    summary: 'Change name, plan or userName format',
    description: 'Leaving the plans that allow it pauses directory sync; coming back re-synchronizes everybody.',
    query: noQuery,
    request: updateOrganizationRequest,
    status: 200,
    answer: organization,
  }),
  getSsoConnection: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/sso-connection',
    operationId: 'getSsoConnection',
    tag,
    summary: 'Read the SSO connection',
    query: noQuery,
    request: null,
    status: 200,
    answer: ssoConnection,
  }),
  setSsoConnection: defineEndpoint({
    method: 'put',
    path: '/organizations/{organizationId}/sso-connection',
    operationId: 'setSsoConnection',
    tag,
    summary: 'Set the SSO connection and the connection role',
    description: 'A new default role is applied to everybody whose role no group sets.',
    query: noQuery,
    request: ssoConnectionRequest,
    status: 200,
    answer: ssoConnection,
  }),
} as const;
