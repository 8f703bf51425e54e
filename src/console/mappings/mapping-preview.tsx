import { Alert, Box, List, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { AnswerOf } from '../../contract/endpoint.ts';
import type { groupEndpoints } from '../../contract/groups.ts';
import type { OrganizationRole } from '../../contract/roles.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { previewQuery, type MappingChoice } from './mapping-queries.ts';

type Preview = AnswerOf<typeof groupEndpoints.previewMapping>;

/** Who would gain and lose what, before anything is saved. */
export function MappingPreview({
  organizationId,
  groupId,
  choice,
}: {
  organizationId: string;
  groupId: string;
  choice: MappingChoice;
}) {
  const [settled] = useDebouncedValue(choice, 200);
  const { data, error, refetch, isPlaceholderData } = useQuery(previewQuery(organizationId, groupId, settled));
  const isOld = isPlaceholderData || settled !== choice;
  return (
    <Box component="section" aria-label="Preview" aria-busy={isOld} role="status">
      {data === undefined && error === null && <LoadingState lines={3} />}
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data !== undefined && error === null && (
        <Stack gap="sm" opacity={isOld ? 0.6 : 1}>
          <Text fw={600}>If you save</Text>
          <Summary preview={data} />
          {data.losesLastAdmin && (
            <Alert
              color="orange"
              variant="light"
              icon={<IconAlertTriangle aria-hidden />}
              title="The last admin would go"
            >
              Nobody active would be an admin of this organization any more. Saving asks for a confirmation.
            </Alert>
          )}
          <Sample preview={data} />
        </Stack>
      )}
    </Box>
  );
}

const count = (number: number, one: string, many: string): string =>
  `${number.toLocaleString()} ${number === 1 ? one : many}`;

function Summary({ preview: { users, grants, revokes, roleChanges } }: { preview: Preview }) {
  if (users === 0) return <Text size="sm">Nobody’s access changes.</Text>;
  return (
    <List size="sm" spacing={2}>
      <List.Item>{count(users, 'person is', 'people are')} affected.</List.Item>
      {grants > 0 && (
        <List.Item>{count(grants, 'workspace membership is', 'workspace memberships are')} added.</List.Item>
      )}
      {revokes > 0 && (
        <List.Item>{count(revokes, 'workspace membership is', 'workspace memberships are')} removed.</List.Item>
      )}
      {roleChanges > 0 && <List.Item>{count(roleChanges, 'role changes', 'roles change')}.</List.Item>}
    </List>
  );
}

/** As many as leave the button to save in sight. */
const shownPeople = 6;

function Sample({ preview: { sample, users } }: { preview: Preview }) {
  if (sample.length === 0) return null;
  const shown = sample.slice(0, shownPeople);
  return (
    <div>
      <List size="sm" spacing={6} listStyleType="none" aria-label="Whose access changes">
        {shown.map((one) => (
          <List.Item key={one.userId}>
            <Text size="sm" fw={500}>
              <OutsideName>{one.userName}</OutsideName>
            </Text>
            <Text size="sm" c="dimmed">
              {changesOf(one).join('; ')}
            </Text>
          </List.Item>
        ))}
      </List>
      {users > shown.length && (
        <Text size="sm" c="dimmed" mt="xs">
          and {(users - shown.length).toLocaleString()} more.
        </Text>
      )}
    </div>
  );
}

function changesOf(one: Preview['sample'][number]): string[] {
  const names = (workspaces: { name: string }[]): string => workspaces.map(({ name }) => name).join(', ');
  return [
    ...(one.workspacesGranted.length > 0 ? [`gets ${names(one.workspacesGranted)}`] : []),
    ...(one.workspacesRevoked.length > 0 ? [`loses ${names(one.workspacesRevoked)}`] : []),
    ...(one.roleBefore === one.roleAfter ? [] : [`role ${roleName(one.roleBefore)} → ${roleName(one.roleAfter)}`]),
  ];
}

function roleName(role: OrganizationRole | null): string {
  return role === null ? 'none' : roleWords[role];
}
