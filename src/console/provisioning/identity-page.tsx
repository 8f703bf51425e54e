import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { modeWords } from '../organizations/organization-words.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { Section } from '../shared/section.tsx';
import { provisioningQuery } from './provisioning-queries.ts';

const route = getRouteApi('/app/organizations/$organizationId/identity');

export function IdentityPage() {
  const { organizationId } = route.useParams();
  const provisioning = useQuery(provisioningQuery(organizationId));
  return (
    <>
      <PageHeader title="Identity and access" />
      {provisioning.isError && <ErrorState error={provisioning.error} onRetry={() => void provisioning.refetch()} />}
      {provisioning.isPending && <LoadingState />}
      {provisioning.data !== undefined && (
        <Section title="Provisioning & directory sync">
          <Text>{modeWords[provisioning.data.mode]}</Text>
        </Section>
      )}
    </>
  );
}
