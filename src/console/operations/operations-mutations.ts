import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { RequestOf } from '../../contract/endpoint.ts';
import { jobEndpoints } from '../../contract/jobs.ts';
import { call } from '../api/call.ts';

export type ReplayChoice = RequestOf<typeof jobEndpoints.replayAllJobs>;

/** Counts what a replay would take up, or puts it back to work. */
export function useReplay() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: ReplayChoice) => call(jobEndpoints.replayAllJobs, { body }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['operations'] }),
  });
}

/** Recomputes the access of everybody in an organization. */
export function useResync(organizationId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => call(jobEndpoints.resync, { params: { organizationId } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['operations', 'health', organizationId] }),
  });
}
