import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf, RequestOf } from '../../contract/endpoint.ts';
import { groupEndpoints } from '../../contract/groups.ts';
import { jobEndpoints, type JobOutcomeAnswer } from '../../contract/jobs.ts';
import { call } from '../api/call.ts';

export function groupsQuery(organizationId: string, query: QueryOf<typeof groupEndpoints.listGroups>) {
  return queryOptions({
    queryKey: ['groups', organizationId, query],
    queryFn: ({ signal }) => call(groupEndpoints.listGroups, { params: { organizationId }, query, signal }),
    placeholderData: keepPreviousData,
  });
}

export function groupQuery(organizationId: string, groupId: string) {
  return queryOptions({
    queryKey: ['groups', organizationId, 'one', groupId],
    queryFn: ({ signal }) => call(groupEndpoints.getGroup, { params: { organizationId, groupId }, signal }),
  });
}

export type MappingChoice = RequestOf<typeof groupEndpoints.previewMapping>;

/** What saving `choice` would change. It is asked anew after everything that could change the answer. */
export function previewQuery(organizationId: string, groupId: string, choice: MappingChoice) {
  return queryOptions({
    queryKey: ['groups', organizationId, 'preview', groupId, choice],
    queryFn: ({ signal }) =>
      call(groupEndpoints.previewMapping, { params: { organizationId, groupId }, body: choice, signal }),
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

const lookEveryMs = 500;

export function isOver(outcome: JobOutcomeAnswer): boolean {
  return outcome.state === 'applied' || outcome.state === 'skipped' || outcome.state === 'failed';
}

/** How far a job is; asked again until it has ended. */
export function jobOutcomeQuery(organizationId: string, jobId: string) {
  return queryOptions({
    queryKey: ['jobs', organizationId, 'outcome', jobId],
    queryFn: ({ signal }) => call(jobEndpoints.getJobOutcome, { params: { organizationId, jobId }, signal }),
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data) ? false : lookEveryMs),
  });
}
