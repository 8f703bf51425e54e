import { Alert, Progress, Stack, Text } from '@mantine/core';
import { IconCheck, IconInfoCircle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { JobOutcomeAnswer } from '../../contract/jobs.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { isOver, jobOutcomeQuery } from './job-outcome-query.ts';

/** A job from the moment it was accepted until it has ended, and how. */
export function JobProgress({ organizationId, jobId }: { organizationId: string; jobId: string }) {
  const { data, error, refetch } = useQuery(jobOutcomeQuery(organizationId, jobId));
  const queryClient = useQueryClient();
  const over = data !== undefined && isOver(data);
  useEffect(() => {
    if (!over) return;
    // Whose access it was about is shown on other pages as well.
    void queryClient.invalidateQueries({ queryKey: ['users', organizationId] });
    void queryClient.invalidateQueries({ queryKey: ['sync-logs', organizationId] });
    void queryClient.invalidateQueries({ queryKey: ['groups', organizationId, 'preview'] });
  }, [over, queryClient, organizationId]);
  if (data === undefined) {
    return error === null ? <Waiting /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  return (
    <div role="status">
      <Outcome outcome={data} />
    </div>
  );
}

function Outcome({ outcome }: { outcome: JobOutcomeAnswer }) {
  switch (outcome.state) {
    case 'waiting':
      return <Waiting />;
    case 'running':
      return <Running progress={outcome.progress} />;
    case 'applied':
      return (
        <Alert color="teal" variant="light" icon={<IconCheck aria-hidden />} title="Applied">
          {outcome.message}
        </Alert>
      );
    case 'skipped':
      return (
        <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />} title="Saved, not applied yet">
          {outcome.message}
        </Alert>
      );
    case 'failed':
      return (
        <Alert color="red" variant="light" title="Saved, but applying it failed">
          {outcome.message}
          {outcome.failure !== null && <Text size="sm">{outcome.failure.advice}</Text>}
        </Alert>
      );
  }
}

function Waiting() {
  return (
    <Stack gap={6}>
      <Text size="sm">Saved. The change is on its way to everybody concerned.</Text>
      <Progress value={100} animated aria-label="Waiting for a worker" />
    </Stack>
  );
}

function Running({ progress }: { progress: JobOutcomeAnswer['progress'] }) {
  const { done, total } = progress ?? { done: 0, total: 0 };
  const percent = total === 0 ? 0 : Math.floor((100 * done) / total);
  return (
    <Stack gap={6}>
      <Text size="sm">
        {done.toLocaleString()} of {total.toLocaleString()} people done.
      </Text>
      <Progress value={percent} aria-label="People whose access is up to date" />
    </Stack>
  );
}
