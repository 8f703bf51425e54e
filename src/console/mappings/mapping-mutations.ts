import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { RequestOf } from '../../contract/endpoint.ts';
import { groupEndpoints } from '../../contract/groups.ts';
import { call } from '../api/call.ts';

/**
 * Saves what the members of a group get.
 *
 * @param onSaved told the job that carries it to every member, before anything is read anew
 */
export function useSaveMapping(organizationId: string, groupId: string, onSaved: (jobId: string) => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: RequestOf<typeof groupEndpoints.saveMapping>) =>
      call(groupEndpoints.saveMapping, { params: { organizationId, groupId }, body }),
    onSuccess: ({ jobId }) => onSaved(jobId),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['groups', organizationId] }),
  });
}
