import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { RequestOf } from '../../contract/endpoint.ts';
import { organizationEndpoints } from '../../contract/organizations.ts';
import { call } from '../api/call.ts';

export function useCreateOrganization() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: RequestOf<typeof organizationEndpoints.createOrganization>) =>
      call(organizationEndpoints.createOrganization, { body }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['organizations'] }),
  });
}
