import { Button, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { organizationRoles, type OrganizationRole } from '../../contract/roles.ts';
import { isProblem } from '../api/problem-error.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { provisioningQuery } from '../provisioning/provisioning-queries.ts';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { FormActions } from '../shared/form-actions.tsx';
import { notifyDone } from '../shared/notify.ts';
import { useInviteUser } from './people-mutations.ts';

/** Invites somebody; offered in the mode in which admins do that. */
export function InviteButton({ organizationId }: { organizationId: string }) {
  const mayInvite = useMay('inviteUser');
  const { data } = useQuery(provisioningQuery(organizationId));
  const [opened, { open, close }] = useDisclosure(false);
  if (!mayInvite || data?.mode !== 'manual') return null;
  return (
    <>
      <Button onClick={open}>Invite</Button>
      <Modal opened={opened} onClose={close} title="Invite somebody" closeButtonProps={{ 'aria-label': 'Close' }}>
        <InviteForm organizationId={organizationId} onDone={close} />
      </Modal>
    </>
  );
}

function InviteForm({ organizationId, onDone }: { organizationId: string; onDone: () => void }) {
  const invite = useInviteUser(organizationId);
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<OrganizationRole | null>(null);
  const refusal = isProblem(invite.error) ? invite.error : null;
  const isAboutFields = refusal?.messageOf('email') !== undefined || refusal?.messageOf('name') !== undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    invite.mutate(
      { email: email.trim(), ...(name.trim() === '' ? {} : { name: name.trim() }), ...(role === null ? {} : { role }) },
      {
        onSuccess: ({ userName }) => {
          notifyDone(`${userName} is invited.`);
          onDone();
        },
      },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Email address"
          type="email"
          required
          maxLength={254}
          data-autofocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={refusal?.messageOf('email')}
        />
        <TextInput
          label="Name"
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={refusal?.messageOf('name')}
        />
        <Select
          label="Role"
          placeholder="The connection role"
          data={organizationRoles.map((value) => ({ value, label: roleWords[value] }))}
          value={role}
          onChange={(value) => setRole(value)}
          clearable
          clearButtonProps={{ 'aria-label': 'Use the connection role' }}
        />
        {invite.isError && !isAboutFields && <ErrorState error={invite.error} />}
        <FormActions submitLabel="Invite" busy={invite.isPending} onCancel={onDone} />
      </Stack>
    </form>
  );
}
