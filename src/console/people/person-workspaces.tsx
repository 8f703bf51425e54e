import { Button, Group, List, Select, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { UserAccessAnswer } from '../../contract/users.ts';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import { workspaceChoicesQuery } from '../workspaces/workspace-queries.ts';
import { useGrantAccess, useRevokeAccess } from './people-mutations.ts';
import { Part } from '../shared/part.tsx';

type Workspace = UserAccessAnswer['workspaces'][number];

/** Every workspace that the person may enter and why, and the grants that an admin may give and take by hand. */
export function PersonWorkspaces({
  organizationId,
  userId,
  access,
}: {
  organizationId: string;
  userId: string;
  access: UserAccessAnswer;
}) {
  const revoke = useRevokeAccess(organizationId, userId);
  const mayChange = useMay('revokeAccess');
  return (
    <Part title="Workspaces">
      <Stack gap="sm">
        {access.workspaces.length === 0 && (
          <Text size="sm" c="dimmed">
            {access.active
              ? 'None: no group of this person is mapped to one, and nobody granted one by hand.'
              : 'None, while the person is inactive.'}
          </Text>
        )}
        {access.workspaces.map((workspace) => (
          <Group
            key={`${workspace.workspaceId} ${workspace.origin}`}
            justify="space-between"
            align="flex-start"
            gap="xs"
            wrap="nowrap"
          >
            <div>
              <Text size="sm" fw={500}>
                <OutsideName>{workspace.name}</OutsideName>
              </Text>
              <Because workspace={workspace} />
            </div>
            {workspace.origin === 'manual' && mayChange && (
              <Button
                size="compact-sm"
                variant="default"
                loading={revoke.isPending && revoke.variables === workspace.workspaceId}
                onClick={() => revoke.mutate(workspace.workspaceId)}
                aria-label={`Take back the grant of ${workspace.name}`}
              >
                Take back
              </Button>
            )}
          </Group>
        ))}
        {revoke.isError && <ErrorState error={revoke.error} />}
        <GrantForm organizationId={organizationId} userId={userId} held={access.workspaces} />
      </Stack>
    </Part>
  );
}

function Because({ workspace: { because, origin } }: { workspace: Workspace }) {
  if (because.length === 0) return <StatusBadge tone="waiting">Being taken back</StatusBadge>;
  return (
    <List size="sm" spacing={2} listStyleType="none" c="dimmed">
      {because.map((reason) => (
        <List.Item key={reason.type === 'group' ? reason.groupId : origin}>
          {reason.type === 'group' ? (
            <>
              through the group <OutsideName>{reason.groupName}</OutsideName>
            </>
          ) : (
            'granted by hand'
          )}
        </List.Item>
      ))}
    </List>
  );
}

function GrantForm({
  organizationId,
  userId,
  held,
}: {
  organizationId: string;
  userId: string;
  held: readonly Workspace[];
}) {
  const mayGrant = useMay('grantAccess');
  const grant = useGrantAccess(organizationId, userId);
  const [word, setWord] = useState('');
  const [searched] = useDebouncedValue(word.trim(), 200);
  const [chosen, setChosen] = useState<string | null>(null);
  const { data } = useQuery({ ...workspaceChoicesQuery(organizationId, searched), enabled: mayGrant });
  if (!mayGrant) return null;
  const byHand = new Set(held.filter(({ origin }) => origin === 'manual').map(({ workspaceId }) => workspaceId));
  const choices = (data?.items ?? []).filter(({ id }) => !byHand.has(id));
  return (
    <>
      <Group gap="xs" align="flex-end">
        <Select
          label="Add to a workspace by hand"
          description="Directory sync never touches it."
          placeholder="Choose a workspace"
          data={choices.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={setChosen}
          searchable
          onSearchChange={setWord}
          nothingFoundMessage="No other workspace has this name."
          flex="1 1 12rem"
        />
        <Button
          variant="default"
          disabled={chosen === null}
          loading={grant.isPending}
          onClick={() => chosen !== null && grant.mutate(chosen, { onSuccess: () => setChosen(null) })}
        >
          Add
        </Button>
      </Group>
      {grant.isError && <ErrorState error={grant.error} />}
    </>
  );
}
