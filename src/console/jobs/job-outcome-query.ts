import { queryOptions } from '@tanstack/react-query';
import { jobEndpoints, type JobOutcomeAnswer } from '../../contract/jobs.ts';
import { call } from '../api/call.ts';

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
