import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { failureClassWords } from '../../contract/failure.ts';
import type { HealthAnswer } from '../../contract/operations.ts';
import { JobProgress } from '../jobs/job-progress.tsx';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { PageLink } from '../shared/page-link.tsx';
import { Part } from '../shared/part.tsx';
import { SideDrawer } from '../shared/side-drawer.tsx';
import { DriftReport } from './drift-report.tsx';
import { useResync } from './operations-mutations.ts';
import { healthQuery } from './operations-queries.ts';
import { capped, SyncBadge } from './organization-health.tsx';

/** One organization's directory sync: what waits, what failed, resync with its progress, and what differs. */
export function HealthDrawer({
  organizationId,
  onClose,
}: {
  /** Undefined: closed. */
  organizationId: string | undefined;
  onClose: () => void;
}) {
  return (
    <SideDrawer opened={organizationId !== undefined} title="Organization" onClose={onClose}>
      {organizationId !== undefined && <Details key={organizationId} organizationId={organizationId} />}
    </SideDrawer>
  );
}

function Details({ organizationId }: { organizationId: string }) {
  const { data, error, refetch } = useQuery(healthQuery(organizationId));
  if (data === undefined) {
    return error === null ? <LoadingState lines={8} /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Text fw={600} size="lg">
            <OutsideName>{data.name}</OutsideName>
          </Text>
          <PageLink to="/organizations/$organizationId/identity" params={{ organizationId }} size="sm">
            Open its console
          </PageLink>
        </div>
        <SyncBadge {...data} />
      </Group>
      <Part title="Jobs">
        <Text size="sm">{capped(data.unfinishedJobs)} waiting or at work.</Text>
        {data.failedByClass.map(({ class: turn, code, jobs }) => (
          <Text size="sm" key={`${turn ?? ''} ${code ?? ''}`}>
            {jobs.toLocaleString()} failed: {turn === null ? 'not classified' : failureClassWords[turn].toLowerCase()}
            {code !== null && ` (${code})`}
          </Text>
        ))}
      </Part>
      <Resync organizationId={organizationId} walks={data.walks} />
      <DriftReport organizationId={organizationId} />
    </Stack>
  );
}

function Resync({ organizationId, walks }: { organizationId: string; walks: HealthAnswer['walks'] }) {
  const mayResync = useMay('resync');
  const resync = useResync(organizationId);
  const others = walks.filter(({ jobId }) => jobId !== resync.data?.jobId);
  return (
    <Part title="Resync">
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Computes everybody’s access anew from groups and mappings, and repairs what differs.
        </Text>
        {others.map(({ jobId, progress, reason }) => (
          <Walk key={jobId} progress={progress} reason={reason} />
        ))}
        {resync.isSuccess && <JobProgress organizationId={organizationId} jobId={resync.data.jobId} />}
        {resync.isError && <ErrorState error={resync.error} />}
        {mayResync && (
          <Group>
            <Button variant="default" onClick={() => resync.mutate()} loading={resync.isPending}>
              Resync everybody
            </Button>
          </Group>
        )}
      </Stack>
    </Part>
  );
}

function Walk({ progress, reason }: Pick<HealthAnswer['walks'][number], 'progress' | 'reason'>) {
  const { done, total } = progress ?? { done: 0, total: 0 };
  return (
    <div>
      <Text size="sm">
        {reason ?? 'A resync'}: {done.toLocaleString()} of {total.toLocaleString()} people done.
      </Text>
      <Progress value={total === 0 ? 0 : (100 * done) / total} aria-label="People whose access is up to date" />
    </div>
  );
}
