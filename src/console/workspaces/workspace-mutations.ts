import { useMutation, useQueryClient } from '@tanstack/react-query';
import { workspaceEndpoints } from '../../contract/workspaces.ts';
import { call } from '../api/call.ts';

/** What shows workspaces, or what people hold of them. */
const concerned = ['workspaces', 'groups', 'users', 'sync-logs'];

function useWorkspaceMutation<Answer>(organizationId: string, write: (input: string) => Promise<Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSettled: () =>
      Promise.all(concerned.map((name) => queryClient.invalidateQueries({ queryKey: [name, organizationId] }))),
  });
}

export function useCreateWorkspace(organizationId: string) {
  return useWorkspaceMutation(organizationId, (name) =>
    call(workspaceEndpoints.createWorkspace, { params: { organizationId }, body: { name } }),
  );
}

export function useDeleteWorkspace(organizationId: string) {
  return useWorkspaceMutation(organizationId, (workspaceId) =>
    call(workspaceEndpoints.deleteWorkspace, { params: { organizationId, workspaceId } }),
  );
}
