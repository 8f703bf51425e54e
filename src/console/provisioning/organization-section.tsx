import { Button, Group, Radio, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import type { OrganizationAnswer, UserNameFormat } from '../../contract/organizations.ts';
import { isProblem } from '../api/problem-error.ts';
import { organizationQuery } from '../organizations/organization-queries.ts';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { notifyDone } from '../shared/notify.ts';
import { Section } from '../shared/section.tsx';
import { useUpdateOrganization } from './provisioning-mutations.ts';

const formats: readonly { value: UserNameFormat; label: string; description: string }[] = [
  { value: 'email', label: 'Email addresses', description: 'userName is the address of each person.' },
  {
    value: 'any',
    label: 'Any unique text',
    description: 'For login names that are no addresses: the address then comes from “emails”, the primary one first.',
  },
];

/** What the organization is called, and what its login names look like. */
export function OrganizationSection({ organizationId }: { organizationId: string }) {
  const { data, error, refetch } = useQuery(organizationQuery(organizationId));
  return (
    <Section title="Organization settings" lead="Its name, and what the login names look like that arrive by SCIM.">
      {data === undefined && error === null && <LoadingState lines={3} />}
      {data === undefined && error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data !== undefined && <OrganizationForm key={data.updatedAt} saved={data} />}
    </Section>
  );
}

function OrganizationForm({ saved }: { saved: OrganizationAnswer }) {
  const mayChange = useMay('updateOrganization');
  const update = useUpdateOrganization(saved.id);
  const [name, setName] = useState(saved.name);
  const [userNameFormat, setUserNameFormat] = useState(saved.userNameFormat);
  const isChanged = name.trim() !== saved.name || userNameFormat !== saved.userNameFormat;
  const ofField = isProblem(update.error) ? update.error.messageOf('name') : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    update.mutate({ name: name.trim(), userNameFormat }, { onSuccess: () => notifyDone('The organization is saved.') });
  };
  return (
    <form onSubmit={submit} aria-label="Organization settings">
      <Stack gap="md">
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          readOnly={!mayChange}
          required
          withAsterisk={false}
          maxLength={200}
          maw={420}
          error={ofField}
        />
        <Radio.Group
          label="Login names"
          value={userNameFormat}
          onChange={(value) => setUserNameFormat(value === 'any' ? 'any' : 'email')}
        >
          <Stack gap="xs" mt="xs">
            {formats.map((format) => (
              <Radio key={format.value} {...format} disabled={!mayChange} />
            ))}
          </Stack>
        </Radio.Group>
        {update.isError && ofField === undefined && <ErrorState error={update.error} />}
        {mayChange && (
          <Group justify="flex-end">
            <Button type="submit" disabled={!isChanged} loading={update.isPending}>
              Save the organization
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
