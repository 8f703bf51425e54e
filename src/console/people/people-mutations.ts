import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { RequestOf } from '../../contract/endpoint.ts';
import { userEndpoints } from '../../contract/users.ts';
import { workspaceEndpoints } from '../../contract/workspaces.ts';
import { call } from '../api/call.ts';

/** A write about people: afterwards they, and the log that tells of it, are read again. */
function usePeopleMutation<Input, Answer>(
  organizationId: string,
  write: (input: Input) => Promise<Answer>,
  onSuccess?: (answer: Answer) => void,
) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSuccess: (answer) => onSuccess?.(answer),
    onSettled: () =>
      Promise.all(
        ['users', 'sync-logs'].map((name) => queryClient.invalidateQueries({ queryKey: [name, organizationId] })),
      ),
  });
}

export function useInviteUser(organizationId: string) {
  return usePeopleMutation(organizationId, (body: RequestOf<typeof userEndpoints.inviteUser>) =>
    call(userEndpoints.inviteUser, { params: { organizationId }, body }),
  );
}

/** @param onRemoved told before anything is read again, so that nobody asks for who is gone */
export function useRemoveUser(organizationId: string, userId: string, onRemoved: () => void) {
  return usePeopleMutation<undefined, undefined>(
    organizationId,
    () => call(userEndpoints.removeUser, { params: { organizationId, userId } }),
    onRemoved,
  );
}

export function useGrantAccess(organizationId: string, userId: string) {
  return usePeopleMutation(organizationId, (workspaceId: string) =>
    call(workspaceEndpoints.grantAccess, { params: { organizationId, workspaceId, userId } }),
  );
}

export function useRevokeAccess(organizationId: string, userId: string) {
  return usePeopleMutation(organizationId, (workspaceId: string) =>
    call(workspaceEndpoints.revokeAccess, { params: { organizationId, workspaceId, userId } }),
  );
}
