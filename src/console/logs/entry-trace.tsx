import { Anchor, Group, Stack, Text, Timeline } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { SyncLogEntryAnswer, TraceAnswer } from '../../contract/sync-log-endpoints.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { Part } from '../shared/part.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { StatusBadge, type Tone } from '../shared/status-badge.tsx';
import { traceQuery } from './log-queries.ts';
import { LogStatusBadge } from './log-status-badge.tsx';

type TracedJob = TraceAnswer['jobs'][number];

const tones: Readonly<Record<TracedJob['state'], Tone>> = {
  waiting: 'waiting',
  running: 'waiting',
  failed: 'bad',
  applied: 'good',
  skipped: 'neutral',
};

const words: Readonly<Record<TracedJob['state'], string>> = {
  waiting: 'Waiting',
  running: 'Running',
  failed: 'Failed',
  applied: 'Applied',
  skipped: 'Skipped',
};

/** The log shows everything of a job, whatever was looked for before. */
const noFilter = Object.fromEntries(
  ['q', 'status', 'action', 'resourceType', 'resourceId', 'requestId', 'period', 'live'].map((name) => [
    name,
    undefined,
  ]),
);

/** Shown of each job before a link leads to the rest. */
const shownEffects = 5;

/** The way from a request over its jobs to what these did. */
export function EntryTrace({ organizationId, entry }: { organizationId: string; entry: SyncLogEntryAnswer }) {
  const { requestId, jobId } = entry;
  if (requestId !== null) return <Trace organizationId={organizationId} of={{ requestId }} shown={entry.id} />;
  if (jobId !== null) return <Trace organizationId={organizationId} of={{ jobId }} shown={entry.id} />;
  return null;
}

function Trace({
  organizationId,
  of,
  shown,
}: {
  organizationId: string;
  of: { requestId: string } | { jobId: string };
  shown: string;
}) {
  const { data, error, refetch } = useQuery(traceQuery(organizationId, of));
  return (
    <Part title="Trace">
      {data === undefined && error === null && <LoadingState lines={3} />}
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data !== undefined && <Steps trace={data} shown={shown} />}
    </Part>
  );
}

function Steps({ trace: { entries, jobs, complete }, shown }: { trace: TraceAnswer; shown: string }) {
  const change = useSearchChange();
  return (
    <>
      <Timeline bulletSize={16} lineWidth={2}>
        {entries.map((entry) => (
          <Timeline.Item key={entry.id} title="Request">
            <Line entry={entry} isShown={entry.id === shown} />
          </Timeline.Item>
        ))}
        {jobs.map((job) => (
          <Timeline.Item
            key={job.jobId}
            title={
              <Group gap="xs">
                Job <StatusBadge tone={tones[job.state]}>{words[job.state]}</StatusBadge>
              </Group>
            }
          >
            <Stack gap={6}>
              {job.progress !== null && (
                <Text size="sm" c="dimmed">
                  {job.progress.done.toLocaleString()} of {job.progress.total.toLocaleString()} people done
                </Text>
              )}
              {job.effects.slice(0, shownEffects).map((entry) => (
                <Line key={entry.id} entry={entry} isShown={entry.id === shown} />
              ))}
              {job.effects.length > shownEffects && (
                <Text size="sm">
                  <Anchor
                    component="button"
                    type="button"
                    size="sm"
                    onClick={() => change({ ...noFilter, jobId: job.jobId, entry: undefined })}
                  >
                    All entries of this job
                  </Anchor>
                </Text>
              )}
            </Stack>
          </Timeline.Item>
        ))}
      </Timeline>
      {!complete && (
        <Text size="sm" c="dimmed" mt="xs">
          There is more than is shown here; the log has all of it.
        </Text>
      )}
    </>
  );
}

function Line({ entry, isShown }: { entry: SyncLogEntryAnswer; isShown: boolean }) {
  const change = useSearchChange();
  return (
    <div>
      <Group gap="xs">
        <LogStatusBadge status={entry.status} />
        <Text size="sm" c="dimmed">
          <Moment at={entry.occurredAt} />
        </Text>
        {entry.resource.name !== null && entry.resource.type !== 'Job' && (
          <Text size="sm">
            <OutsideName short>{entry.resource.name}</OutsideName>
          </Text>
        )}
      </Group>
      {isShown ? (
        <Text size="sm" fw={500} aria-current="true">
          <OutsideName short>{entry.message}</OutsideName>
        </Text>
      ) : (
        <Anchor
          component="button"
          type="button"
          size="sm"
          ta="start"
          onClick={() => change({ entry: entry.id }, { keepPage: true })}
        >
          <OutsideName short>{entry.message}</OutsideName>
        </Anchor>
      )}
    </div>
  );
}
