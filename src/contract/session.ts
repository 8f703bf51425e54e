import { z } from 'zod';
import { adminKeyRole } from './admin-keys.ts';
import { defineEndpoint } from './endpoint.ts';
import { id, text, timestamp } from './text.ts';

/** Longer than any key; a longer text is none. */
const maxKeyLength = 500;

const signInRequest = z
  .object({ adminKey: text(maxKeyLength).meta({ description: "The platform's, or one of an organization." }) })
  .meta({ id: 'SignInToConsole' });

const session = z
  .object({
    scope: z
      .enum(['platform', 'organization'])
      .meta({ description: '`platform`: every organization, and the queues. `organization`: the one that is named.' }),
    role: adminKeyRole,
    organization: z.object({ id, name: z.string() }).nullable(),
    keyName: z.string().meta({ description: 'The name of the admin key, as the sync log shows it.' }),
    expiresAt: timestamp.nullable().meta({
      description:
        'When the session ends at the latest; two hours without a request end it too. Null for a bearer key.',
    }),
  })
  .meta({ id: 'Session' });
export type SessionAnswer = z.infer<typeof session>;

const tag = 'Session';
const noQuery = z.strictObject({});

export const sessionEndpoints = {
  createSession: defineEndpoint({
    method: 'post',
    path: '/session',
    operationId: 'createSession',
    tag,
    summary: 'Sign in: exchange an admin key for a session cookie',
    description:
      'The cookie (HttpOnly, SameSite=Strict, `__Host-` behind https) opens what the key opens. With it, a request that ' +
      'is no GET must come from this origin and carry JSON, else it is 403. It ends after 12 hours, after two hours ' +
      'without a request, on signing out, and with its key.',
    open: true,
    query: noQuery,
    request: signInRequest,
    status: 200,
    answer: session,
    refusals: { 401: 'This is no admin key, or it was revoked.', 403: 'The request comes from another site.' },
  }),
  getSession: defineEndpoint({
    method: 'get',
    path: '/session',
    operationId: 'getSession',
    tag,
    summary: 'Who am I?',
    query: noQuery,
    request: null,
    status: 200,
    answer: session,
  }),
  deleteSession: defineEndpoint({
    method: 'delete',
    path: '/session',
    operationId: 'deleteSession',
    tag,
    summary: 'Sign out: end the session at once',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
} as const;
