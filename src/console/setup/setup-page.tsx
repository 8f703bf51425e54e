import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { provisioningQuery } from '../provisioning/provisioning-queries.ts';
import { CopyField } from '../shared/copy-field.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { Section } from '../shared/section.tsx';

const route = getRouteApi('/app/organizations/$organizationId/setup');

export function SetupPage() {
  const { organizationId } = route.useParams();
  const provisioning = useQuery(provisioningQuery(organizationId));
  return (
    <>
      <PageHeader title="Set-up guide" lead="What your identity provider wants to know." />
      {provisioning.isError && <ErrorState error={provisioning.error} onRetry={() => void provisioning.refetch()} />}
      {provisioning.isPending && <LoadingState />}
      {provisioning.data !== undefined && (
        <Section title="Connection">
          <CopyField label="SCIM base URL" value={provisioning.data.baseUrl} />
        </Section>
      )}
    </>
  );
}
