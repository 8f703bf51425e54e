import { Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { isProblem } from '../api/problem-error.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { SideDrawer } from '../shared/side-drawer.tsx';
import { AccessEnds } from './access-ends.tsx';
import { ActiveBadge } from './active-badge.tsx';
import { accessQuery, userQuery } from './people-queries.ts';
import { managedByWords } from './people-words.ts';
import { PersonHistory } from './person-history.tsx';
import { PersonRole } from './person-role.tsx';
import { PersonWorkspaces } from './person-workspaces.tsx';
import { RemovePerson } from './remove-person.tsx';

/** One person beside the list: state, role and workspaces with their reasons, what happened, when access ended. */
export function PersonDrawer({
  organizationId,
  userId,
  onClose,
}: {
  organizationId: string;
  /** Undefined: closed. */
  userId: string | undefined;
  onClose: () => void;
}) {
  return (
    <SideDrawer opened={userId !== undefined} title="Person" onClose={onClose}>
      {userId !== undefined && (
        <Details key={userId} organizationId={organizationId} userId={userId} onClose={onClose} />
      )}
    </SideDrawer>
  );
}

function Details({ organizationId, userId, onClose }: { organizationId: string; userId: string; onClose: () => void }) {
  const user = useQuery(userQuery(organizationId, userId));
  const access = useQuery({ ...accessQuery(organizationId, userId), enabled: user.isSuccess });
  const person = user.data;
  if (person === undefined) {
    if (user.error === null) return <LoadingState lines={8} />;
    return (
      <Stack gap="lg">
        <ErrorState error={user.error} onRetry={() => void user.refetch()} />
        {/* Somebody who was deleted still has a history, and an end of access. */}
        {isProblem(user.error) && user.error.status === 404 && (
          <>
            <AccessEnds organizationId={organizationId} userId={userId} />
            <PersonHistory organizationId={organizationId} userId={userId} />
          </>
        )}
      </Stack>
    );
  }
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Text fw={600} size="lg">
            <OutsideName>{person.displayName ?? person.userName}</OutsideName>
          </Text>
          <Text size="sm" c="dimmed">
            <OutsideName>{person.userName}</OutsideName>
          </Text>
          <Text size="sm" c="dimmed">
            {managedByWords[person.managedBy]} · added <Moment at={person.createdAt} ago />
          </Text>
        </div>
        <ActiveBadge active={person.active} />
      </Group>
      {access.data === undefined && access.error === null && <LoadingState lines={5} />}
      {access.error !== null && <ErrorState error={access.error} onRetry={() => void access.refetch()} />}
      {access.data !== undefined && (
        <>
          <PersonRole access={access.data} />
          <PersonWorkspaces organizationId={organizationId} userId={userId} access={access.data} />
        </>
      )}
      {!person.active && <AccessEnds organizationId={organizationId} userId={userId} />}
      <PersonHistory organizationId={organizationId} userId={userId} />
      <RemovePerson organizationId={organizationId} person={person} onRemoved={onClose} />
    </Stack>
  );
}
