import { Group, SimpleGrid, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { OperationsAnswer } from '../../contract/operations.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Section } from '../shared/section.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import { durationWords } from './durations.ts';
import classes from './now.module.css';
import { operationsQuery } from './operations-queries.ts';

/** A change that waits longer than this is one that somebody notices. */
const lateSeconds = 60;

/** Queues, rates and the oldest change that waits, as they are this moment. */
export function Now() {
  const { data, error, refetch } = useQuery(operationsQuery);
  return (
    <Section title="Now" {...(data === undefined ? {} : { actions: <WaitingBadge jobs={data.jobs} /> })}>
      {data === undefined && error === null && <LoadingState lines={3} />}
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data !== undefined && (
        <>
          <SimpleGrid cols={{ base: 2, md: 4 }} spacing="md" mb="md">
            <Figure
              name="Oldest change that waits"
              value={
                data.jobs.oldestUnfinishedAgeSeconds === 0
                  ? 'None'
                  : durationWords(data.jobs.oldestUnfinishedAgeSeconds * 1_000)
              }
            />
            <Figure name="SCIM writes a minute" value={rate(data.rates.scimWritesPerMinute)} />
            <Figure name="Jobs done a minute" value={rate(data.rates.jobsPerMinute)} />
            <Figure name="Jobs failed a minute" value={rate(data.rates.jobsFailedPerMinute)} />
          </SimpleGrid>
          <Queues queues={data.queues} />
        </>
      )}
    </Section>
  );
}

function WaitingBadge({ jobs }: { jobs: OperationsAnswer['jobs'] }) {
  if (jobs.oldestUnfinishedAgeSeconds === 0) return <StatusBadge tone="good">Everything is applied</StatusBadge>;
  if (jobs.oldestUnfinishedAgeSeconds < lateSeconds)
    return <StatusBadge tone="waiting">Changes are being applied</StatusBadge>;
  return <StatusBadge tone="warning">Changes wait for long</StatusBadge>;
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text fz={24} fw={600} lh={1.3}>
        {value}
      </Text>
    </div>
  );
}

const states = ['waiting', 'active', 'delayed', 'failed', 'completed'] as const;

function Queues({ queues }: { queues: OperationsAnswer['queues'] }) {
  if (queues === null) {
    return (
      <Group>
        <StatusBadge tone="bad">The queue engine does not answer</StatusBadge>
        <Text size="sm" c="dimmed">
          Changes are kept and applied when it is back.
        </Text>
      </Group>
    );
  }
  return (
    <Table.ScrollContainer
      minWidth={480}
      type="native"
      tabIndex={0}
      role="group"
      aria-label="Queues, to be scrolled sideways"
    >
      <Table aria-label="Queues" withRowBorders={false} horizontalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Queue</Table.Th>
            {states.map((state) => (
              <Table.Th key={state} ta="right" tt="capitalize">
                {state}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {queues.map(({ queue, states: jobs }) => (
            <Table.Tr key={queue}>
              <Table.Td className={classes.queue}>{queue}</Table.Td>
              {states.map((state) => (
                <Table.Td key={state} ta="right">
                  {(jobs[state] ?? 0).toLocaleString()}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function rate(perMinute: number): string {
  return perMinute < 10 && perMinute > 0 ? perMinute.toFixed(1) : Math.round(perMinute).toLocaleString();
}
