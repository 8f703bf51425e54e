import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { CredentialsDialog, type Credentials } from '../tokens/credentials-dialog.tsx';
import { ScimSection } from '../tokens/scim-section.tsx';
import { DomainsSection } from './domains-section.tsx';
import { ModeSection } from './mode-section.tsx';
import { OrganizationSection } from './organization-section.tsx';
import { provisioningQuery } from './provisioning-queries.ts';
import { SsoSection } from './sso-section.tsx';

const route = getRouteApi('/app/organizations/$organizationId/identity');

export function IdentityPage() {
  const { organizationId } = route.useParams();
  // Another organization is another page: nothing that was typed or shown goes along.
  return <IdentityOf key={organizationId} organizationId={organizationId} />;
}

function IdentityOf({ organizationId }: { organizationId: string }) {
  const provisioning = useQuery(provisioningQuery(organizationId));
  const [credentials, setCredentials] = useState<Credentials | null>(null);
  const alarm = provisioning.data?.bulkChangeAlarm ?? null;
  return (
    <>
      <PageHeader
        title="Identity and access"
        lead="How people come into this organization, and what your identity provider may do."
      />
      <Stack gap="lg">
        {provisioning.isError && provisioning.data === undefined && (
          <ErrorState error={provisioning.error} onRetry={() => void provisioning.refetch()} />
        )}
        {provisioning.isPending && <LoadingState lines={8} />}
        {alarm !== null && (
          <Alert
            color="orange"
            icon={<IconAlertTriangle aria-hidden />}
            title="Unusually many people were removed"
            role="alert"
          >
            <Text size="sm">
              {alarm.message} (<Moment at={alarm.occurredAt} ago />)
            </Text>
          </Alert>
        )}
        {provisioning.data !== undefined && (
          <>
            <ModeSection
              organizationId={organizationId}
              provisioning={provisioning.data}
              onCredentials={setCredentials}
            />
            {provisioning.data.mode === 'scim' && (
              <ScimSection
                organizationId={organizationId}
                baseUrl={provisioning.data.baseUrl}
                onCredentials={setCredentials}
              />
            )}
            <SsoSection organizationId={organizationId} />
            <DomainsSection organizationId={organizationId} />
            <OrganizationSection organizationId={organizationId} />
          </>
        )}
      </Stack>
      <CredentialsDialog credentials={credentials} onClosed={() => setCredentials(null)} />
    </>
  );
}
