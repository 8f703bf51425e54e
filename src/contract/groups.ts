import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { page, pageQuery, sortOrder } from './page.ts';
import { organizationRole } from './roles.ts';
import { id, idInput, queryBoolean, text, timestamp } from './text.ts';

/** Bound on one mapping: far above what a person would choose, low enough for one statement. */
const maxMappedWorkspaces = 1_000;

const mappingChoice = {
  workspaceIds: z
    .array(idInput)
    .max(maxMappedWorkspaces)
    .meta({ description: 'The workspaces that members of the group are added to.' }),
  role: organizationRole.nullable().meta({ description: 'Null: use the connection role.' }),
};

const saveMappingRequest = z
  .object({
    ...mappingChoice,
    confirm: z
      .boolean()
      .optional()
      .meta({ description: 'Needed when the change leaves the organization without an active admin.' }),
  })
  .meta({ id: 'SaveMapping' });

const previewMappingRequest = z.object(mappingChoice).meta({ id: 'PreviewMappingRequest' });

const groupMapping = z
  .object({ workspaceIds: z.array(id), role: organizationRole.nullable(), updatedAt: timestamp })
  .meta({ id: 'GroupMapping' });

const mappingOfGroup = groupMapping
  .extend({ updatedAt: timestamp.nullable().meta({ description: 'Null: never mapped.' }) })
  .meta({ id: 'MappingOfGroup' });

export const groupSorts = ['displayName', 'memberCount', 'updatedAt'] as const;

const group = z
  .object({
    id,
    displayName: z.string(),
    externalId: z.string().nullable(),
    memberCount: z.int(),
    updatedAt: timestamp.meta({ description: 'When its name or its members changed last.' }),
    mapping: groupMapping.nullable(),
  })
  .meta({ id: 'Group' });
export type GroupAnswer = z.infer<typeof group>;

export const jobAccepted = z
  .object({ jobId: id.meta({ description: 'Follow it under `/jobs/{jobId}`, or in the sync log by `jobId`.' }) })
  .meta({ id: 'JobAccepted' });

const mappingPreview = z
  .object({
    users: z.int().meta({ description: 'How many members of the group the change concerns.' }),
    grants: z.int().meta({ description: 'How much workspace access would be granted.' }),
    revokes: z.int().meta({ description: 'How much workspace access would be revoked.' }),
    roleChanges: z.int(),
    losesLastAdmin: z.boolean(),
    sample: z
      .array(
        z.object({
          userId: id,
          userName: z.string(),
          workspacesGranted: z.array(z.object({ id, name: z.string() })),
          workspacesRevoked: z.array(z.object({ id, name: z.string() })),
          roleBefore: organizationRole.nullable(),
          roleAfter: organizationRole.nullable(),
        }),
      )
      .meta({ description: 'The first users whose access would change.' }),
  })
  .meta({ id: 'MappingPreview' });

const tag = 'Groups';
const noQuery = z.strictObject({});

export const groupEndpoints = {
  listGroups: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/groups',
    operationId: 'listGroups',
    tag,
    summary: 'List the groups that the identity provider pushed, with their mapping',
    query: pageQuery.extend({
      q: text(200).optional().meta({ description: 'Part of the display name.' }),
      mapped: queryBoolean.optional().meta({ description: 'Only groups that have a mapping, or only those without.' }),
      sort: z.enum(groupSorts).default('displayName'),
      order: sortOrder.default('asc'),
    }),
    request: null,
    status: 200,
    answer: page(group),
  }),
  getGroup: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/groups/{groupId}',
    operationId: 'getGroup',
    tag,
    summary: 'Read a group with its mapping',
    query: noQuery,
    request: null,
    status: 200,
    answer: group,
  }),
  getMapping: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/groups/{groupId}/mapping',
    operationId: 'getMapping',
    tag,
    summary: 'Read what the members of a group get',
    description: 'A group that nobody has mapped yet gives no workspace and the connection role.',
    query: noQuery,
    request: null,
    status: 200,
    answer: mappingOfGroup,
  }),
  saveMapping: defineEndpoint({
    method: 'put',
    path: '/organizations/{organizationId}/groups/{groupId}/mapping',
    operationId: 'saveMapping',
    tag,
    summary: 'Save what the members of a group get',
    description: 'Answers at once; the job carries the change to every member.',
    query: noQuery,
    request: saveMappingRequest,
    status: 202,
    answer: jobAccepted,
    refusals: { 409: 'No active admin would be left, and that was not confirmed.' },
  }),
  previewMapping: defineEndpoint({
    method: 'post',
    path: '/organizations/{organizationId}/groups/{groupId}/mapping/preview',
    operationId: 'previewMapping',
    tag,
    summary: 'See what saving a mapping would change; changes nothing',
    query: noQuery,
    request: previewMappingRequest,
    status: 200,
    answer: mappingPreview,
  }),
} as const;
