import { Code, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { SyncLogEntryAnswer } from '../../contract/sync-log-endpoints.ts';
import { CopyIcon } from '../shared/copy-field.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { Part } from '../shared/part.tsx';
import { SideDrawer } from '../shared/side-drawer.tsx';
import { ActionName } from './action-name.tsx';
import { EntryChanges } from './entry-changes.tsx';
import { EntryDetails } from './entry-details.tsx';
import { EntryHelp } from './entry-help.tsx';
import { EntryTrace } from './entry-trace.tsx';
import { entryQuery } from './log-queries.ts';
import { LogStatusBadge } from './log-status-badge.tsx';

/** One entry beside the log: what changed, what helps when it failed, and the way from the request to its effects. */
export function EntryDrawer({
  organizationId,
  entryId,
  onClose,
}: {
  organizationId: string;
  /** Undefined: closed. */
  entryId: string | undefined;
  onClose: () => void;
}) {
  return (
    <SideDrawer opened={entryId !== undefined} title="Log entry" onClose={onClose}>
      {entryId !== undefined && <Details key={entryId} organizationId={organizationId} entryId={entryId} />}
    </SideDrawer>
  );
}

function Details({ organizationId, entryId }: { organizationId: string; entryId: string }) {
  const { data, error, refetch } = useQuery(entryQuery(organizationId, entryId));
  if (data === undefined) {
    return error === null ? <LoadingState lines={8} /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  const { status, action, message, occurredAt } = data;
  return (
    <Stack gap="lg">
      <Stack gap="xs">
        <Group gap="xs">
          <LogStatusBadge status={status} />
          <ActionName>{action}</ActionName>
          <Text size="sm" c="dimmed">
            <Moment at={occurredAt} />
          </Text>
        </Group>
        <Text>
          <OutsideName>{message}</OutsideName>
        </Text>
      </Stack>
      {data.help !== null && <EntryHelp organizationId={organizationId} help={data.help} />}
      <EntryChanges details={data.details} />
      <EntryTrace organizationId={organizationId} entry={data} />
      <Facts entry={data} />
    </Stack>
  );
}

function Facts({ entry: { resource, actor, requestId, jobId, attempt, details } }: { entry: SyncLogEntryAnswer }) {
  return (
    <Part title="Facts">
      <Table withRowBorders={false} verticalSpacing={4} horizontalSpacing={0}>
        <Table.Tbody>
          <Fact name="Resource">
            {resource.type} <OutsideName>{resource.name ?? resource.id ?? ''}</OutsideName>
          </Fact>
          {resource.id !== null && <Id name="Resource id" value={resource.id} />}
          <Fact name="By">
            <OutsideName>{actor.name ?? actor.id ?? actor.type}</OutsideName>
          </Fact>
          {requestId !== null && <Id name="Request id" value={requestId} />}
          {jobId !== null && <Id name="Job id" value={jobId} />}
          {attempt !== null && <Fact name="Attempt">{attempt}</Fact>}
        </Table.Tbody>
      </Table>
      <EntryDetails details={details} />
    </Part>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" w={120} fw={400} c="dimmed">
        {name}
      </Table.Th>
      <Table.Td>{children}</Table.Td>
    </Table.Tr>
  );
}

function Id({ name, value }: { name: string; value: string }) {
  return (
    <Fact name={name}>
      <Group gap={4} wrap="nowrap">
        <Code>
          <OutsideName>{value}</OutsideName>
        </Code>
        <CopyIcon label={`Copy the ${name.toLowerCase()}`} value={value} />
      </Group>
    </Fact>
  );
}
