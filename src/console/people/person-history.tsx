import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ActionName } from '../logs/action-name.tsx';
import { LogStatusBadge } from '../logs/log-status-badge.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { PageLink } from '../shared/page-link.tsx';
import { Part } from '../shared/part.tsx';
import { historyQuery } from './people-queries.ts';

/** What happened to the person lately, each line leading to its entry of the sync log. */
export function PersonHistory({ organizationId, userId }: { organizationId: string; userId: string }) {
  const { data, error, refetch } = useQuery(historyQuery(organizationId, userId));
  return (
    <Part title="History">
      {data === undefined && error === null && <LoadingState lines={3} />}
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          The sync log has nothing about this person.
        </Text>
      )}
      <Stack gap="sm">
        {data?.items.map(({ id, occurredAt, action, status, message }) => (
          <div key={id}>
            <Group gap="xs">
              <LogStatusBadge status={status} />
              <ActionName>{action}</ActionName>
              <Text size="sm" c="dimmed">
                <Moment at={occurredAt} ago />
              </Text>
            </Group>
            <PageLink
              to="/organizations/$organizationId/logs"
              params={{ organizationId }}
              search={{ resourceType: 'User', resourceId: userId, entry: id }}
              size="sm"
              underline="hover"
              c="var(--mantine-color-text)"
            >
              <OutsideName>{message}</OutsideName>
            </PageLink>
          </div>
        ))}
      </Stack>
      {data !== undefined && data.items.length > 0 && (
        <PageLink
          to="/organizations/$organizationId/logs"
          params={{ organizationId }}
          search={{ resourceType: 'User', resourceId: userId }}
          size="sm"
          mt="xs"
          display="inline-block"
        >
          {data.nextCursor === null ? 'Open in the sync log' : 'All of it, in the sync log'}
        </PageLink>
      )}
    </Part>
  );
}
