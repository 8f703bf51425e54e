import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { QueryOf } from '../../contract/endpoint.ts';
import { jobEndpoints } from '../../contract/jobs.ts';
import { call } from '../api/call.ts';

export function allJobsQuery(query: QueryOf<typeof jobEndpoints.listAllJobs>) {
  return queryOptions({
    queryKey: ['jobs', query],
    queryFn: ({ signal }) => call(jobEndpoints.listAllJobs, { query, signal }),
    placeholderData: keepPreviousData,
  });
}
