import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { page, pageQuery } from './page.ts';
import { id, name, text, timestamp } from './text.ts';

const createWorkspaceRequest = z.object({ name }).meta({ id: 'CreateWorkspace' });

const workspace = z.object({ id, name: z.string(), createdAt: timestamp }).meta({ id: 'Workspace' });
export type WorkspaceAnswer = z.infer<typeof workspace>;

const tag = 'Workspaces';
const noQuery = z.strictObject({});

export const workspaceEndpoints = {
  createWorkspace: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/workspaces',
    operationId: 'createWorkspace',
    tag,
    summary: 'Create a workspace',
    query: noQuery,
    request: createWorkspaceRequest,
    status: 201,
    answer: workspace,
    refusals: { 409: 'The organization has a workspace of this name.' },
  }),
  listWorkspaces: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/workspaces',
    operationId: 'listWorkspaces',
    tag,
    summary: 'List workspaces, oldest first',
    query: pageQuery.extend({ q: text(200).optional().meta({ description: 'Part of the name.' }) }),
    request: null,
    status: 200,
    answer: page(workspace),
  }),
  deleteWorkspace: defineEndpoint({
    method: 'delete',
    path: '/organizations/{organizationId}/workspaces/{workspaceId}',
    operationId: 'deleteWorkspace',
    tag,
    summary: 'Delete a workspace, with all access to it',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
  grantAccess: defineEndpoint({
    method: 'put',
    path: '/organizations/{organizationId}/workspaces/{workspaceId}/members/{userId}',
    operationId: 'grantAccess',
    tag,
    summary: 'Grant a user access by hand',
    description: 'Directory sync never touches such a grant.',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
  revokeAccess: defineEndpoint({
    method: 'delete',
    path: '/organizations/{organizationId}/workspaces/{workspaceId}/members/{userId}',
    operationId: 'revokeAccess',
    tag,
    summary: 'Take back access that was granted by hand',
    description: 'Access through a group mapping stays.',
    query: noQuery,
    request: null,
    status: 204,
    answer: null,
  }),
} as const;
