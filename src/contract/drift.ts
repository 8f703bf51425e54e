import { z } from 'zod';
import { defineEndpoint } from './endpoint.ts';
import { pageQuery } from './page.ts';
import { organizationRole } from './roles.ts';
import { id } from './text.ts';

const namedWorkspaces = z.array(z.object({ id, name: z.string() }));

const driftReport = z
  .object({
    directorySyncActive: z
      .boolean()
      .meta({ description: 'False: nothing is being applied, so differences are expected.' }),
    unfinishedJobs: z
      .int()
      .meta({ description: 'Jobs that are waiting or at work: differences may be changes on their way.' }),
    failedJobs: z.int().meta({ description: 'Jobs that failed and wait for a replay.' }),
    totals: z
      .object({
        checked: z.int().meta({ description: 'Users of the directory who were looked at.' }),
        complete: z.boolean().meta({ description: 'False: there are more users than one report can look at.' }),
        drifting: z.int().meta({ description: 'Users whose workspaces or role differ.' }),
        missing: z.int().meta({ description: 'Grants that groups and mappings give, and that are not there.' }),
        surplus: z.int().meta({ description: 'Grants that are there, and that no group gives.' }),
        roles: z.int().meta({ description: 'Users whose role differs.' }),
      })
      .nullable()
      .meta({ description: 'Of the whole organization; null on later pages, which only name more users.' }),
    items: z
      .array(
        z.object({
          userId: id,
          userName: z.string(),
          active: z.boolean(),
          workspacesMissing: namedWorkspaces.meta({ description: 'At most 100 are named.' }),
          workspacesSurplus: namedWorkspaces.meta({ description: 'At most 100 are named.' }),
          roleActual: organizationRole.nullable(),
          roleDesired: organizationRole.nullable(),
        }),
      )
      .meta({ description: 'Those who differ, by id; may be empty though there are more.' }),
    nextCursor: z.string().nullable().meta({ description: 'Null on the last page.' }),
  })
  .meta({ id: 'DriftReport' });
export type DriftReportAnswer = z.infer<typeof driftReport>;

export const driftEndpoints = {
  reportDrift: defineEndpoint({
    method: 'get',
    path: '/organizations/{organizationId}/drift',
    operationId: 'reportDrift',
    tag: 'Jobs',
    summary: 'Compare what everybody holds with what groups and mappings say',
    description: 'Of the users whom the directory manages. Changes nothing; `resync` repairs.',
    query: pageQuery,
    request: null,
    status: 200,
    answer: driftReport,
  }),
} as const;
