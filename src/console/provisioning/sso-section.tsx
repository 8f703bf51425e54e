import { Autocomplete, Button, Group, Select, SimpleGrid, Stack, Switch, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { organizationRoles, type OrganizationRole } from '../../contract/roles.ts';
import { isProblem } from '../api/problem-error.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { notifyDone } from '../shared/notify.ts';
import { Section } from '../shared/section.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import { useSetSsoConnection } from './provisioning-mutations.ts';
import { ssoConnectionQuery, type SsoConnection } from './provisioning-queries.ts';

const knownProviders = ['okta', 'entra', 'onelogin', 'jumpcloud', 'pingone', 'google'];

export function SsoSection({ organizationId }: { organizationId: string }) {
  const { data, error, refetch } = useQuery(ssoConnectionQuery(organizationId));
  return (
    <div id="sso-connection">
      <Section
        title="SSO connection"
        lead="Where people prove who they are, and the role of everybody whose role no group sets."
        actions={data != null && <StateBadge status={data.status} />}
      >
        {data === undefined && error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <LoadingState />}
        {data !== undefined && (
          // What somebody else saved meanwhile takes the place of what stood here.
          <SsoForm key={data?.updatedAt ?? 'none'} organizationId={organizationId} saved={data} />
        )}
      </Section>
    </div>
  );
}

function StateBadge({ status }: Pick<SsoConnection, 'status'>) {
  return status === 'active' ? (
    <StatusBadge tone="good">Active</StatusBadge>
  ) : (
    <StatusBadge tone="neutral">Inactive</StatusBadge>
  );
}

function SsoForm({ organizationId, saved }: { organizationId: string; saved: SsoConnection | null }) {
  const mayChange = useMay('setSsoConnection');
  const save = useSetSsoConnection(organizationId);
  const [provider, setProvider] = useState(saved?.provider ?? '');
  const [isActive, setActive] = useState(saved === null || saved.status === 'active');
  const [defaultRole, setDefaultRole] = useState<OrganizationRole>(saved?.defaultRole ?? 'viewer');
  const status = isActive ? 'active' : 'inactive';
  const isChanged =
    saved === null ||
    provider.trim() !== saved.provider ||
    status !== saved.status ||
    defaultRole !== saved.defaultRole;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    save.mutate({ provider, status, defaultRole }, { onSuccess: () => notifyDone('The SSO connection is saved.') });
  };
  if (!mayChange && saved === null) return <Text c="dimmed">There is no SSO connection yet.</Text>;
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          <Autocomplete
            label="Provider"
            withAsterisk={false}
            description="A name for people to recognize it by."
            data={knownProviders}
            value={provider}
            onChange={setProvider}
            required
            maxLength={100}
            readOnly={!mayChange}
            error={isProblem(save.error) ? save.error.messageOf('provider') : undefined}
          />
          <Select
            label="Connection role"
            description="What a person is when no group sets a role."
            data={organizationRoles.map((role) => ({ value: role, label: roleWords[role] }))}
            value={defaultRole}
            onChange={(role) => role !== null && setDefaultRole(role)}
            allowDeselect={false}
            readOnly={!mayChange}
          />
        </SimpleGrid>
        <Switch
          label="Active"
          description="Switched off, nobody signs in through it, and directory sync is paused."
          checked={isActive}
          onChange={(event) => setActive(event.currentTarget.checked)}
          disabled={!mayChange}
        />
        {save.isError && <ErrorState error={save.error} />}
        {mayChange && (
          <Group justify="flex-end">
            <Button type="submit" disabled={!isChanged} loading={save.isPending}>
              Save the connection
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
