import { Button, Code, Group, Progress, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { failureClassWords, type FailureClass } from '../../contract/failure.ts';
import type { OperationsAnswer } from '../../contract/operations.ts';
import { useMay } from '../session/session.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { EmptyState } from '../shared/empty-state.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { Section } from '../shared/section.tsx';
import { useReplay } from './operations-mutations.ts';
import { operationsQuery, replayQuery } from './operations-queries.ts';

type Failed = OperationsAnswer['failedByClass'][number];

/** Failed jobs of every organization by whose turn it is, and their replay - counted first. */
export function FailedJobs() {
  const { data } = useQuery(operationsQuery);
  const mayReplay = useMay('replayAllJobs');
  const [reason, setReason] = useState('');
  const [chosen, setChosen] = useState<FailureClass | 'all' | null>(null);
  const count = useReplay();
  const replay = useReplay();
  if (data === undefined) return null; // the section above says why
  const choice = {
    ...(chosen === null || chosen === 'all' ? {} : { failureClass: chosen }),
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
  };
  const ask = (what: FailureClass | 'all'): void => {
    replay.reset();
    setChosen(what);
    count.mutate({
      ...(what === 'all' ? {} : { failureClass: what }),
      ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      dryRun: true,
    });
  };
  return (
    <Section
      title="Failed jobs"
      lead="They wait for a replay. A job computes access from what it then finds, so a replay is safe at any time."
    >
      {data.failedByClass.length === 0 ? (
        <EmptyState>No job has failed.</EmptyState>
      ) : (
        <Stack gap="md">
          <Rows failed={data.failedByClass} {...(mayReplay ? { onReplay: ask } : {})} />
          {mayReplay && (
            <Group align="flex-end" gap="xs">
              <TextInput
                label="Only with this in the error"
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
                maxLength={200}
                flex="1 1 14rem"
              />
              <Button variant="default" onClick={() => ask('all')} loading={count.isPending && chosen === 'all'}>
                Replay …
              </Button>
            </Group>
          )}
        </Stack>
      )}
      {count.isError && <ErrorState error={count.error} />}
      {replay.data?.replayId != null && <ReplayProgress replayId={replay.data.replayId} total={replay.data.replayed} />}
      {replay.data?.replayId === null && <Text size="sm">Nothing was left to replay.</Text>}
      <ConfirmDialog
        opened={chosen !== null && count.isSuccess}
        title="Replay failed jobs?"
        confirmLabel={`Replay ${count.data?.matched.toLocaleString() ?? ''}`}
        busy={replay.isPending}
        error={replay.error}
        onConfirm={() => replay.mutate(choice, { onSuccess: () => setChosen(null) })}
        onClose={() => setChosen(null)}
      >
        {count.data?.matched === 0
          ? 'No failed job matches: there is nothing to do.'
          : `${(count.data?.matched ?? 0).toLocaleString()} failed jobs match. Each is tried again, and the log says who asked for it.`}
      </ConfirmDialog>
    </Section>
  );
}

function Rows({ failed, onReplay }: { failed: readonly Failed[]; onReplay?: (what: FailureClass) => void }) {
  return (
    <Table.ScrollContainer minWidth={420} type="native">
      <Table aria-label="Failed jobs by class">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Whose turn it is</Table.Th>
            <Table.Th>Reason</Table.Th>
            <Table.Th ta="right">Jobs</Table.Th>
            {onReplay !== undefined && <Table.Th aria-label="Replay" />}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {failed.map(({ class: turn, code, jobs }) => (
            <Table.Tr key={`${turn ?? ''} ${code ?? ''}`}>
              <Table.Td>{turn === null ? 'Not said by an older version' : failureClassWords[turn]}</Table.Td>
              <Table.Td>{code === null ? '-' : <Code>{code}</Code>}</Table.Td>
              <Table.Td ta="right">{jobs.toLocaleString()}</Table.Td>
              {onReplay !== undefined && (
                <Table.Td ta="right">
                  {turn !== null && (
                    <Button size="compact-sm" variant="default" onClick={() => onReplay(turn)}>
                      Replay all of these …
                    </Button>
                  )}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function ReplayProgress({ replayId, total }: { replayId: string; total: number }) {
  const { data, error } = useQuery(replayQuery(replayId));
  if (error !== null) return <ErrorState error={error} />;
  const unfinished = data?.unfinished ?? total;
  const failed = data?.failed ?? 0;
  const done = total - unfinished;
  return (
    <Stack gap={6} mt="md" role="status">
      <Text size="sm">
        {unfinished > 0
          ? `${done.toLocaleString()} of ${total.toLocaleString()} tried again.`
          : failed === 0
            ? `Done: ${total.toLocaleString()} applied or skipped.`
            : `Done: ${(total - failed).toLocaleString()} applied or skipped, ${failed.toLocaleString()} failed again.`}
      </Text>
      <Progress value={total === 0 ? 100 : (100 * done) / total} aria-label="Replayed jobs" />
    </Stack>
  );
}
