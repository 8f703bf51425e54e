import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { AccessEndsAnswer } from '../../contract/users.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { accessEndsQuery } from './people-queries.ts';
import { Part } from '../shared/part.tsx';

const howItEnded: Readonly<Record<NonNullable<AccessEndsAnswer['endedBy']>, string>> = {
  DEACTIVATE: 'Deactivated',
  DELETE: 'Deleted by the identity provider',
  REMOVE_USER: 'Removed by an admin',
};

/** Of a leaver: when nothing could be entered any more, and when each grant was taken away. */
export function AccessEnds({ organizationId, userId }: { organizationId: string; userId: string }) {
  const { data, error, refetch } = useQuery(accessEndsQuery(organizationId, userId));
  return (
    <Part title="When access ended">
      {data === undefined && error === null && <LoadingState lines={2} />}
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data !== undefined && <Ends ends={data} />}
    </Part>
  );
}

function Ends({ ends: { endedAt, endedBy, workspaces, complete } }: { ends: AccessEndsAnswer }) {
  return (
    <>
      <Text size="sm">
        {endedAt === null ? (
          'The sync log does not reach back that far.'
        ) : (
          <>
            {endedBy === null ? 'Ended' : howItEnded[endedBy]} on <Moment at={endedAt} />. From that moment nothing
            could be entered.
          </>
        )}
      </Text>
      {workspaces.length > 0 && (
        <List size="sm" spacing={2} mt={4}>
          {workspaces.map(({ id, name, removedAt }) => (
            <List.Item key={id}>
              <OutsideName>{name}</OutsideName>: grant removed on <Moment at={removedAt} />
            </List.Item>
          ))}
        </List>
      )}
      {!complete && (
        <Text size="sm" c="dimmed" mt={4}>
          The log holds more about this person than was read here.
        </Text>
      )}
    </>
  );
}
