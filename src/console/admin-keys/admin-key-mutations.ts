import { useMutation, useQueryClient } from '@tanstack/react-query';
import { adminKeyEndpoints } from '../../contract/admin-keys.ts';
import type { RequestOf } from '../../contract/endpoint.ts';
import { call } from '../api/call.ts';

function useAdminKeyMutation<Input, Answer>(organizationId: string, write: (input: Input) => Promise<Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: write,
    onSettled: () =>
      Promise.all(
        ['admin-keys', 'sync-logs'].map((name) => queryClient.invalidateQueries({ queryKey: [name, organizationId] })),
      ),
  });
}

export function useCreateAdminKey(organizationId: string) {
  return useAdminKeyMutation(organizationId, (body: RequestOf<typeof adminKeyEndpoints.createAdminKey>) =>
    call(adminKeyEndpoints.createAdminKey, { params: { organizationId }, body }),
  );
}

export function useRevokeAdminKey(organizationId: string) {
  return useAdminKeyMutation(organizationId, (keyId: string) =>
    call(adminKeyEndpoints.revokeAdminKey, { params: { organizationId, keyId } }),
  );
}
