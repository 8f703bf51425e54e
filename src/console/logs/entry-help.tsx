import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { failureClassWords } from '../../contract/failure.ts';
import { jobEndpoints } from '../../contract/jobs.ts';
import type { SyncLogHelpAnswer } from '../../contract/sync-log-endpoints.ts';
import { call } from '../api/call.ts';
import { JobProgress } from '../jobs/job-progress.tsx';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';

/** After a failure: whose turn it is and with what; where a replay helps, its button and how it went. */
export function EntryHelp({ organizationId, help }: { organizationId: string; help: SyncLogHelpAnswer }) {
  const mayReplay = useMay('replayJobs');
  const queryClient = useQueryClient();
  const replay = useMutation({
    mutationFn: (jobId: string) =>
      call(jobEndpoints.replayJobs, { params: { organizationId }, body: { ids: [jobId] } }),
    onSettled: () =>
      Promise.all(
        ['sync-logs', 'jobs'].map((name) => queryClient.invalidateQueries({ queryKey: [name, organizationId] })),
      ),
  });
  const { replayJobId, advice, job } = help;
  return (
    <Alert color="orange" variant="light" title={failureClassWords[help.class]}>
      <Stack gap="sm">
        <Text size="sm">{advice}</Text>
        {job === 'done' && <Text size="sm">The job has ended well meanwhile: nothing is left to do.</Text>}
        {job === 'at-work' && !replay.isSuccess && <Text size="sm">The job is being tried again.</Text>}
        {replayJobId !== null && mayReplay && !replay.isSuccess && (
          <Group>
            <Button
              size="compact-sm"
              variant="default"
              loading={replay.isPending}
              onClick={() => replay.mutate(replayJobId)}
            >
              Replay the job
            </Button>
          </Group>
        )}
        {replay.isError && <ErrorState error={replay.error} />}
        {replay.isSuccess && <JobProgress organizationId={organizationId} jobId={replay.variables} />}
      </Stack>
    </Alert>
  );
}
