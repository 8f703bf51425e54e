import { Button, Group, List, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DriftReportAnswer } from '../../contract/drift.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { Part } from '../shared/part.tsx';
import { driftQuery } from './operations-queries.ts';

/** What everybody holds against what groups and mappings say; looks when asked, changes nothing. */
export function DriftReport({ organizationId }: { organizationId: string }) {
  const { data, error, isFetching, refetch } = useQuery(driftQuery(organizationId));
  return (
    <Part title="Drift">
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Compares what everybody holds with what they should. Changes nothing.
        </Text>
        {data !== undefined && <Report report={data} />}
        {error !== null && <ErrorState error={error} />}
        <Group>
          <Button variant="default" onClick={() => void refetch()} loading={isFetching}>
            {data === undefined ? 'Compare' : 'Compare again'}
          </Button>
        </Group>
      </Stack>
    </Part>
  );
}

function Report({ report: { totals, items, unfinishedJobs, directorySyncActive } }: { report: DriftReportAnswer }) {
  const drifting = totals?.drifting ?? items.length;
  return (
    <div role="status">
      <Text size="sm" fw={500}>
        {drifting === 0
          ? `Nobody differs, of ${(totals?.checked ?? 0).toLocaleString()} people.`
          : `${drifting.toLocaleString()} of ${(totals?.checked ?? 0).toLocaleString()} people differ.`}
      </Text>
      {drifting > 0 && unfinishedJobs > 0 && (
        <Text size="sm">{unfinishedJobs.toLocaleString()} jobs are on their way: these may be their changes.</Text>
      )}
      {drifting > 0 && !directorySyncActive && (
        <Text size="sm">Directory sync is not active, so nothing is being applied.</Text>
      )}
      {items.length > 0 && (
        <List size="sm" spacing={4} mt="xs" listStyleType="none">
          {items.map((item) => (
            <List.Item key={item.userId}>
              <OutsideName>{item.userName}</OutsideName>
              <Text size="sm" c="dimmed">
                {differences(item).join('; ')}
              </Text>
            </List.Item>
          ))}
        </List>
      )}
    </div>
  );
}

function differences(item: DriftReportAnswer['items'][number]): string[] {
  const names = (workspaces: { name: string }[]): string => workspaces.map(({ name }) => name).join(', ');
  const role = (value: keyof typeof roleWords | null): string => (value === null ? 'none' : roleWords[value]);
  return [
    ...(item.workspacesMissing.length > 0 ? [`lacks ${names(item.workspacesMissing)}`] : []),
    ...(item.workspacesSurplus.length > 0 ? [`has ${names(item.workspacesSurplus)} too much`] : []),
    ...(item.roleActual === item.roleDesired
      ? []
      : [`is ${role(item.roleActual)}, should be ${role(item.roleDesired)}`]),
  ];
}
