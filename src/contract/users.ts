import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { page, pageQuery, sortOrder } from './page.ts';
import { organizationRole } from './roles.ts';
import { id, name, queryBoolean, text, timestamp } from './text.ts';

/** RFC 5321 section 4.5.3.1.3: 254 characters. Letters of any script; what a domain is, is judged by the directory. */
const email = text(254).regex(/^[^\s@]+@[^\s@]+$/u, 'must be an email address');

/** Who answers for a user: the identity provider, an admin who invited, or the sign-in that created. */
export const userOrigins = ['directory', 'manual', 'jit'] as const;

/** `createdAt` is the order of the ids. */
export const userSorts = ['createdAt', 'userName', 'updatedAt'] as const;

const inviteUserRequest = z
  .object({
    email,
    name: name.optional(),
    role: organizationRole
      .optional()
      .meta({ description: 'Unset: the connection role, or `viewer` where there is no SSO connection.' }),
  })
  .meta({ id: 'InviteUser' });

const user = z
  .object({
    id,
    userName: z.string(),
    email: z.string().nullable(),
    displayName: z.string().nullable(),
    externalId: z.string().nullable(),
    active: z.boolean(),
    role: organizationRole
      .nullable()
      .meta({ description: 'Null while inactive, and until directory sync computed it for the first time.' }),
    managedBy: z.enum(userOrigins),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'User' });
export type UserAnswer = z.infer<typeof user>;

const groupReason = z.object({ type: z.literal('group'), groupId: id, groupName: z.string() });

const roleReason = z.discriminatedUnion('type', [
  groupReason.extend({ role: organizationRole }),
  z.object({ type: z.literal('connection-role'), role: organizationRole }),
  z.object({ type: z.literal('manual'), role: organizationRole.nullable() }),
  z.object({ type: z.literal('inactive') }),
  z.object({ type: z.literal('not-yet-computed') }),
]);

const userAccess = z
  .object({
    active: z.boolean(),
    role: organizationRole.nullable(),
    roleBecause: z.array(roleReason).meta({
      description:
        '`group`: its mapping sets the role. `connection-role`: no group does. `manual`: directory sync does not manage this user. `not-yet-computed`: a change is being applied.',
    }),
    roleLost: z.array(roleReason).meta({
      description: 'What would have set another role, and gives way: groups with a lower one, the connection role.',
    }),
    workspaces: z.array(
      z.object({
        workspaceId: id,
        name: z.string(),
        origin: z.enum(['directory', 'manual']),
        because: z
          .array(z.discriminatedUnion('type', [groupReason, z.object({ type: z.literal('manual') })]))
          .meta({ description: 'Empty for a moment after the last reason went, until the access is taken back.' }),
      }),
    ),
  })
  .meta({ id: 'UserAccess', description: 'What a user may do now, and why.' });
export type UserAccessAnswer = z.infer<typeof userAccess>;

const accessEnds = z
  .object({
    endedAt: timestamp
      .nullable()
      .meta({ description: 'When all access ended, by deactivation or deletion; null while the user is active.' }),
    endedBy: z.enum(['DEACTIVATE', 'DELETE', 'REMOVE_USER']).nullable(),
    entryId: id.nullable().meta({ description: 'The entry of the sync log that says so.' }),
    workspaces: z
      .array(
        z.object({
          id,
          name: z.string(),
          endedAt: timestamp.meta({ description: 'From then on the user could not get in any more.' }),
          removedAt: timestamp.meta({ description: 'When the grant itself was taken away, by the job.' }),
          entryId: id,
        }),
      )
      .meta({ description: 'Access that ended and has not come back, the latest first.' }),
    complete: z.boolean().meta({ description: 'False: the log holds more about this user than was read.' }),
  })
  .meta({ id: 'AccessEnds', description: 'From the sync log, as far back as it is kept; also of a deleted user.' });
export type AccessEndsAnswer = z.infer<typeof accessEnds>;

const signInRequest = z
  .object({ email: text(254), name: name.optional() })
  .meta({ id: 'SignIn', description: 'Somebody who proved this address to the SSO connection.' });

export const signInReasons = [
  'active-user',
  'created',
  'user-inactive',
  'user-unknown',
  'not-in-directory',
  'invalid-email',
  'sso-inactive',
  'domain-not-verified',
  'email-in-use',
] as const;

export type SignInReason = (typeof signInReasons)[number];

const signInDecision = z
  .object({
    allowed: z.boolean(),
    reason: z.enum(signInReasons),
    message: z.string().meta({ description: 'The reason in words, and what to do when it is a refusal.' }),
    userId: id.optional(),
    role: organizationRole.nullable().optional(),
    created: z.boolean().optional().meta({ description: 'Whether this sign-in created the user.' }),
  })
  .meta({ id: 'SignInDecision' });
export type SignInDecisionAnswer = z.infer<typeof signInDecision>;

const tag = 'Users';
const noQuery = z.strictObject({});

export const userEndpoints = {
  listUsers: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/users',
    operationId: 'listUsers',
    tag,
    summary: 'List users, oldest first unless another order is asked for',
    query: pageQuery.extend({
      q: text(200).optional().meta({ description: 'Part of userName, email or display name.' }),
      active: queryBoolean.optional(),
      role: organizationRole.optional(),
      managedBy: z.enum(userOrigins).optional(),
      sort: z.enum(userSorts).default('createdAt'),
      order: sortOrder.default('asc'),
    }),
    request: null,
    status: 200,
    answer: page(user),
  }),
  getUser: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/users/{userId}',
    operationId: 'getUser',
    tag,
    summary: 'Read a user',
    query: noQuery,
    request: null,
    status: 200,
    answer: user,
  }),
  inviteUser: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/users',
    operationId: 'inviteUser',
    tag,
    summary: 'Invite a user (provisioning mode `manual`)',
    query: noQuery,
    request: inviteUserRequest,
    status: 201,
    answer: user,
    refusals: { 409: 'The mode is not `manual`, or the address is in use.' },
  }),
  removeUser: defineEndpoint({
    method: 'delete',
    path: '/organizations/{organizationId}/users/{userId}',
    operationId: 'removeUser',
    tag,
    summary: 'Remove a user with all access',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
    refusals: { 409: 'The identity provider manages this user.' },
  }),
  getUserAccess: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/users/{userId}/access',
    operationId: 'getUserAccess',
    tag,
    summary: "A user's effective access, with the reasons",
    query: noQuery,
    request: null,
    status: 200,
    answer: userAccess,
  }),
  getAccessEnds: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/users/{userId}/access-ends',
    operationId: 'getAccessEnds',
    tag,
    summary: 'When access of a leaver ended',
    query: noQuery,
    request: null,
    status: 200,
    answer: accessEnds,
    refusals: { 404: 'There is neither such a user nor an entry about one in the sync log.' },
  }),
  decideSignIn: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/sign-ins',
    operationId: 'decideSignIn',
    tag,
    summary: 'May this person sign in?',
    description: 'In the mode `jit` it creates the user when the domain of the address is verified.',
    query: noQuery,
    request: signInRequest,
    status: 200,
    answer: signInDecision,
  }),
} as const;
