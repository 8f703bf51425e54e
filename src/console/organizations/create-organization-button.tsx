import { Button, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useState, type SubmitEvent } from 'react';
import { plans, type Plan } from '../../contract/organizations.ts';
import { isProblem } from '../api/problem-error.ts';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { FormActions } from '../shared/form-actions.tsx';
import { useCreateOrganization } from './organization-mutations.ts';
import { planWords } from './organization-words.ts';

/** Creates an organization, and goes to where the rest of it is set up. */
export function CreateOrganizationButton() {
  const mayCreate = useMay('createOrganization');
  const [opened, { open, close }] = useDisclosure(false);
  if (!mayCreate) return null;
  return (
    <>
      <Button onClick={open}>New organization</Button>
      <Modal opened={opened} onClose={close} title="New organization" closeButtonProps={{ 'aria-label': 'Close' }}>
        <CreateForm onCancel={close} />
      </Modal>
    </>
  );
}

function CreateForm({ onCancel }: { onCancel: () => void }) {
  const navigate = useNavigate();
  const create = useCreateOrganization();
  const [name, setName] = useState('');
  const [plan, setPlan] = useState<Plan>('business');
  const ofField = isProblem(create.error) ? create.error.messageOf('name') : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate(
      { name: name.trim(), plan, userNameFormat: 'email' },
      {
        onSuccess: ({ id }) =>
          void navigate({ to: '/organizations/$organizationId/identity', params: { organizationId: id } }),
      },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          withAsterisk={false}
          maxLength={200}
          data-autofocus
          error={ofField}
        />
        <Select
          label="Plan"
          description="Directory sync needs Business or Enterprise."
          data={plans.map((value) => ({ value, label: planWords[value] }))}
          value={plan}
          onChange={(value) => value !== null && setPlan(value)}
          allowDeselect={false}
        />
        {create.isError && ofField === undefined && <ErrorState error={create.error} />}
        <FormActions submitLabel="Create" busy={create.isPending} onCancel={onCancel} />
      </Stack>
    </form>
  );
}
