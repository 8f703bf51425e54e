import { Button, Code, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { failureClassWords, type FailureClass } from '../../contract/failure.ts';
import type { OperationsAnswer } from '../../contract/operations.ts';
import { useMay } from '../session/session.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { EmptyState } from '../shared/empty-state.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { Section } from '../shared/section.tsx';
import classes from './failed-jobs.module.css';
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
  const matched = count.data?.matched ?? 0;
  return (
    <Section
      title="Failed jobs"
      lead="They wait for a replay. A job computes access from what it then finds, so a replay is safe at any time."
    >
      {data.failedByClass.length === 0 ? (
        <EmptyState>No job has failed.</EmptyState>
      ) : (
        <Stack gap="lg">
          <Turns failed={data.failedByClass} {...(mayReplay ? { onReplay: ask } : {})} />
          {mayReplay && (
            <Group align="flex-end" gap="xs">
              <TextInput
                label="Only jobs whose error contains"
                placeholder="lock timeout"
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
                maxLength={200}
                flex="1 1 14rem"
                maw={360}
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
        confirmLabel={`Replay ${matched.toLocaleString()}`}
        canConfirm={matched > 0}
        busy={replay.isPending}
        error={replay.error}
        onConfirm={() => replay.mutate(choice, { onSuccess: () => setChosen(null) })}
        onClose={() => setChosen(null)}
      >
        {matched === 0
          ? 'No failed job matches: there is nothing to do.'
          : matched === 1
            ? 'One failed job matches. It is tried again, and the log says who asked for it.'
            : `${matched.toLocaleString()} failed jobs match. Each is tried again, and the log says who asked for it.`}
      </ConfirmDialog>
    </Section>
  );
}

/** One line for each whose turn it is, with the reasons; the replay of a line takes all of them. */
function Turns({ failed, onReplay }: { failed: readonly Failed[]; onReplay?: (what: FailureClass) => void }) {
  const turns = [...new Set(failed.map(({ class: turn }) => turn))];
  return (
    <Stack gap="sm" component="ul" className={classes.turns} aria-label="Failed jobs by whose turn it is">
      {turns.map((turn) => {
        const reasons = failed.filter((one) => one.class === turn);
        const jobs = reasons.reduce((sum, one) => sum + one.jobs, 0);
        const words = turn === null ? 'Not said by an older version' : failureClassWords[turn];
        return (
          <Group key={turn} component="li" justify="space-between" gap="sm">
            <div>
              <Text fw={500}>
                {words}: {jobs.toLocaleString()} {jobs === 1 ? 'job' : 'jobs'}
              </Text>
              <Group gap="xs">
                {reasons.map(({ code, jobs: ofReason }) => (
                  <Text key={code} size="sm" c="dimmed">
                    <Code>{code ?? 'no reason'}</Code> {ofReason.toLocaleString()}
                  </Text>
                ))}
              </Group>
            </div>
            {onReplay !== undefined && turn !== null && (
              <Button
                size="xs"
                variant="default"
                onClick={() => onReplay(turn)}
                aria-label={`Replay these …: ${words}`}
              >
                Replay these …
              </Button>
            )}
          </Group>
        );
      })}
    </Stack>
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
