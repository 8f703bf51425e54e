import { useMutation, useQueryClient } from '@tanstack/react-query';
import { domainEndpoints } from '../../contract/domains.ts';
import type { RequestOf } from '../../contract/endpoint.ts';
import { organizationEndpoints } from '../../contract/organizations.ts';
import { provisioningEndpoints } from '../../contract/provisioning.ts';
import { call } from '../api/call.ts';

/** All that says how directory sync stands; each of the writes below can change any of it. */
const settings = ['provisioning', 'scim-tokens', 'setup', 'sso-connection', 'domains', 'organizations'];

/** A write to the settings of directory sync: afterwards everything that shows them is read again. */
function useSettingsMutation<Input, Answer>(write: (input: Input) => Promise<Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: write,
    // Also after a refusal: it often means that somebody else was quicker. Not awaited: what is read anew can replace the
    // very form that wrote, and with it whoever waits for the answer.
    onSettled: () => {
      void queryClient.invalidateQueries({ predicate: ({ queryKey: [name] }) => settings.includes(String(name)) });
    },
  });
}

export function useSetMode(organizationId: string) {
  return useSettingsMutation((body: RequestOf<typeof provisioningEndpoints.setProvisioning>) =>
    call(provisioningEndpoints.setProvisioning, { params: { organizationId }, body }),
  );
}

export function useUpdateOrganization(organizationId: string) {
  return useSettingsMutation((body: RequestOf<typeof organizationEndpoints.updateOrganization>) =>
    call(organizationEndpoints.updateOrganization, { params: { organizationId }, body }),
  );
}

export function useSetSsoConnection(organizationId: string) {
  return useSettingsMutation((body: RequestOf<typeof organizationEndpoints.setSsoConnection>) =>
    call(organizationEndpoints.setSsoConnection, { params: { organizationId }, body }),
  );
}

export function useAddDomain(organizationId: string) {
  return useSettingsMutation((domain: string) =>
    call(domainEndpoints.addDomain, { params: { organizationId }, body: { domain } }),
  );
}

export function useVerifyDomain(organizationId: string) {
  return useSettingsMutation(({ domain, verified }: { domain: string; verified?: true }) =>
    call(domainEndpoints.verifyDomain, {
      params: { organizationId, domain },
      body: verified === undefined ? {} : { verified },
    }),
  );
}

export function useRemoveDomain(organizationId: string) {
  return useSettingsMutation((domain: string) =>
    call(domainEndpoints.removeDomain, { params: { organizationId, domain } }),
  );
}

export function useRotateToken(organizationId: string) {
  return useSettingsMutation(() => call(provisioningEndpoints.rotateScimToken, { params: { organizationId } }));
}

export function useRevokeToken(organizationId: string) {
  return useSettingsMutation((tokenId: string) =>
    call(provisioningEndpoints.revokeScimToken, { params: { organizationId, tokenId } }),
  );
}
