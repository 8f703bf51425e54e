import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { activityEndpoints } from '../../contract/activity.ts';
import { driftEndpoints } from '../../contract/drift.ts';
import type { QueryOf } from '../../contract/endpoint.ts';
import { jobEndpoints } from '../../contract/jobs.ts';
import { operationsEndpoints } from '../../contract/operations.ts';
import { call } from '../api/call.ts';

/** How often a page that somebody watches looks again; each of these reads is cheap. */
const watchEveryMs = 5_000;

export const operationsQuery = queryOptions({
  queryKey: ['operations'],
  queryFn: ({ signal }) => call(operationsEndpoints.getOperations, { signal }),
  refetchInterval: watchEveryMs,
});

export function organizationHealthQuery(query: QueryOf<typeof operationsEndpoints.listOrganizationHealth>) {
  return queryOptions({
    queryKey: ['operations', 'organizations', query],
    queryFn: ({ signal }) => call(operationsEndpoints.listOrganizationHealth, { query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: watchEveryMs,
  });
}

export function healthQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['operations', 'health', organizationId],
    queryFn: ({ signal }) => call(operationsEndpoints.getHealth, { params: { organizationId }, signal }),
    refetchInterval: watchEveryMs,
  });
}

/** Hours do not change quickly. */
const chartEveryMs = 60_000;

export function activityQuery(hours: number) {
  return queryOptions({
    queryKey: ['operations', 'activity', hours],
    queryFn: ({ signal }) => call(activityEndpoints.getActivityOfAll, { query: { hours }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: chartEveryMs,
  });
}

/** Compares everybody of an organization: asked for, never by itself. */
export function driftQuery(organizationId: string) {
  return queryOptions({
    queryKey: ['operations', 'drift', organizationId],
    queryFn: ({ signal }) =>
      call(driftEndpoints.reportDrift, { params: { organizationId }, query: { limit: 20 }, signal }),
    enabled: false,
    gcTime: 0,
  });
}

export function replayQuery(replayId: string) {
  return queryOptions({
    queryKey: ['operations', 'replay', replayId],
    queryFn: ({ signal }) => call(jobEndpoints.getReplayOfAll, { params: { replayId }, signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && state.data.unfinished === 0 ? false : 500),
  });
}
