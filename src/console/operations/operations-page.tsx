import { Button, Stack } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import { PageHeader } from '../shared/page-header.tsx';
import { ActivityCharts } from './activity-charts.tsx';
import { FailedJobs } from './failed-jobs.tsx';
import { HealthDrawer } from './health-drawer.tsx';
import { Now } from './now.tsx';
import { OrganizationHealth } from './organization-health.tsx';
import { useSearchChange } from '../shared/search-change.ts';

const route = getRouteApi('/app/operations');

/** The health of the whole, for whoever runs it. */
export function OperationsPage() {
  const { q, cursor, attention, organization, hours = 24 } = route.useSearch();
  const change = useSearchChange();
  return (
    <>
      <PageHeader
        title="Operations"
        lead="How the service is doing, and who needs attention."
        actions={
          <Button
            component="a"
            href="/queues"
            target="_blank"
            rel="noreferrer"
            variant="default"
            rightSection={<IconExternalLink size={16} aria-label="opens a new tab" />}
          >
            Open bull-board
          </Button>
        }
      />
      <Stack gap="lg">
        <Now />
        <FailedJobs />
        <ActivityCharts hours={hours} />
        <OrganizationHealth search={{ q, cursor, attention }} open={organization} />
      </Stack>
      <HealthDrawer
        organizationId={organization}
        onClose={() => change({ organization: undefined }, { keepPage: true })}
      />
    </>
  );
}
