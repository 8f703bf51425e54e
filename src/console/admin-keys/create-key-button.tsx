import { Alert, Button, Group, Modal, Radio, Stack, Text, TextInput } from '@mantine/core';
import { IconEyeOff } from '@tabler/icons-react';
import { useState, type SubmitEvent } from 'react';
import type { AdminKeyRole } from '../../contract/admin-keys.ts';
import { isProblem } from '../api/problem-error.ts';
import { useMay } from '../session/session.ts';
import { CopyField } from '../shared/copy-field.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { FormActions } from '../shared/form-actions.tsx';
import { useCreateAdminKey } from './admin-key-mutations.ts';

/** Creates a key and shows it, this once. */
export function CreateKeyButton({ organizationId }: { organizationId: string }) {
  const mayCreate = useMay('createAdminKey');
  const [opened, setOpened] = useState(false);
  const [key, setKey] = useState<string | null>(null);
  if (!mayCreate) return null;
  return (
    <>
      <Button onClick={() => setOpened(true)}>Create a key</Button>
      <Modal
        opened={opened}
        // What is shown once must not be lost by a key that was pressed in passing.
        onClose={() => setOpened(false)}
        closeOnEscape={key === null}
        closeOnClickOutside={key === null}
        withCloseButton={key === null}
        onExitTransitionEnd={() => setKey(null)}
        title={key === null ? 'Create an admin key' : 'The new admin key'}
        closeButtonProps={{ 'aria-label': 'Close' }}
        size="lg"
      >
        {key === null ? (
          <CreateForm organizationId={organizationId} onCreated={setKey} onCancel={() => setOpened(false)} />
        ) : (
          <Stack gap="md">
            <CopyField label="Admin key" value={key} />
            <Alert color="yellow" icon={<IconEyeOff aria-hidden />} title="The key is only shown once.">
              <Text size="sm">
                Only a fingerprint of it is stored. Hand it over by a way that you trust; a lost one is revoked and
                replaced.
              </Text>
            </Alert>
            <Group justify="flex-end">
              <Button onClick={() => setOpened(false)}>I have stored it</Button>
            </Group>
          </Stack>
        )}
      </Modal>
    </>
  );
}

function CreateForm({
  organizationId,
  onCreated,
  onCancel,
}: {
  organizationId: string;
  onCreated: (key: string) => void;
  onCancel: () => void;
}) {
  const create = useCreateAdminKey(organizationId);
  const [name, setName] = useState('');
  const [role, setRole] = useState<AdminKeyRole>('viewer');
  const ofField = isProblem(create.error) ? create.error.messageOf('name') : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate({ name: name.trim(), role }, { onSuccess: ({ key }) => onCreated(key) });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Name"
          description="Who or what uses it."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          withAsterisk={false}
          maxLength={200}
          data-autofocus
          error={ofField}
        />
        <Radio.Group label="Role" value={role} onChange={(value) => setRole(value === 'admin' ? 'admin' : 'viewer')}>
          <Stack gap="xs" mt="xs">
            <Radio value="viewer" label="Viewer" description="Sees everything, changes nothing." />
            <Radio value="admin" label="Admin" description="May do everything in this organization." />
          </Stack>
        </Radio.Group>
        {create.isError && ofField === undefined && <ErrorState error={create.error} />}
        <FormActions submitLabel="Create" busy={create.isPending} onCancel={onCancel} />
      </Stack>
    </form>
  );
}
