import { Grid, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { provisioningQuery, ssoConnectionQuery } from '../provisioning/provisioning-queries.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { PageLink } from '../shared/page-link.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { Section } from '../shared/section.tsx';
import { Checklist } from './checklist.tsx';
import { GuideSteps } from './guide-steps.tsx';
import { guides } from './guides.ts';
import { providerNames, type ProviderName } from './providers.ts';

const route = getRouteApi('/app/organizations/$organizationId/setup');

const choices = providerNames.map((value) => ({ value, label: guides[value].name }));

export function SetupPage() {
  const { organizationId } = route.useParams();
  const chosen = route.useSearch().provider;
  const change = useSearchChange();
  const provisioning = useQuery(provisioningQuery(organizationId));
  const sso = useQuery(ssoConnectionQuery(organizationId));
  const provider = chosen ?? providerOf(sso.data?.provider);
  const guide = guides[provider];
  const choose = (value: string | null): void => change({ provider: value ?? undefined }, { replace: true });
  return (
    <>
      <PageHeader
        title="Set-up guide"
        lead="What to fill in at your identity provider, field by field, and what has arrived from there."
      />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Section title={`Set up ${guide.name}`}>
            <Stack gap="md">
              <Select
                label="Identity provider"
                data={choices}
                value={provider}
                onChange={choose}
                allowDeselect={false}
                hiddenFrom="md"
              />
              <SegmentedControl
                aria-label="Identity provider"
                data={choices.map(({ value, label }) => ({
                  value,
                  label: label.replace('Microsoft ', '').replace(' Workspace', ''),
                }))}
                value={provider}
                onChange={choose}
                visibleFrom="md"
                fullWidth
                size="xs"
              />
              {provisioning.isPending && <LoadingState />}
              {provisioning.isError && (
                <ErrorState error={provisioning.error} onRetry={() => void provisioning.refetch()} />
              )}
              {provisioning.data !== undefined && <GuideSteps guide={guide} baseUrl={provisioning.data.baseUrl} />}
              <Text size="sm" c="dimmed">
                The bearer token is only shown once, when it is issued. If it is not at hand, rotate it under{' '}
                <PageLink to="/organizations/$organizationId/identity" params={{ organizationId }} inherit>
                  Identity and access
                </PageLink>
                .
              </Text>
            </Stack>
          </Section>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Checklist organizationId={organizationId} pace={guide.pace} />
        </Grid.Col>
      </Grid>
    </>
  );
}

/** The one whose name the SSO connection carries; people write names in many ways. */
function providerOf(name: string | undefined): ProviderName {
  const written = name?.toLowerCase() ?? '';
  const found = providerNames.find((provider) => written.includes(provider));
  if (found !== undefined) return found;
  if (written.includes('azure') || written.includes('microsoft')) return 'entra';
  return written.includes('ping') ? 'pingone' : 'okta';
}
