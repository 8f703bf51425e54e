import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { IconEyeOff } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { CopyField } from '../shared/copy-field.tsx';

export interface Credentials {
  token: string;
  baseUrl: string;
  /** Whether an earlier token works beside this one for a while. */
  isRotation: boolean;
}

/** The two values for the identity provider, the token for the only time. Closing has to be meant. */
export function CredentialsDialog({
  credentials,
  onClosed,
}: {
  credentials: Credentials | null;
  onClosed: () => void;
}) {
  const [isAsking, setAsking] = useState(false);
  const isOpen = credentials !== null;
  useEffect(() => {
    if (!isOpen) return;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isOpen]);
  const close = (): void => {
    setAsking(false);
    onClosed();
  };
  return (
    <Modal
      opened={isOpen}
      onClose={() => setAsking(true)}
      title={credentials?.isRotation === true ? 'The new SCIM token' : 'SCIM credentials'}
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {credentials !== null && (
        <Stack gap="md">
          <Text size="sm">Enter these two values in your identity provider.</Text>
          <CopyField label="SCIM base URL" value={credentials.baseUrl} />
          <CopyField label="Bearer token" value={credentials.token} />
          <Alert color="yellow" icon={<IconEyeOff aria-hidden />} title="The bearer token is only shown once.">
            <Text size="sm">
              Only a fingerprint of it is stored, so nobody can show it to you again. If it is lost, rotate it.
            </Text>
          </Alert>
          {isAsking ? (
            <Alert color="red" role="alertdialog" aria-label="Close the dialog?" title="Have you stored the token?">
              <Text size="sm" mb="sm">
                After closing it cannot be shown again.
              </Text>
              <Group gap="xs">
                <Button variant="default" size="xs" onClick={() => setAsking(false)} autoFocus>
                  Keep it open
                </Button>
                <Button color="red.9" size="xs" onClick={close}>
                  Yes, close
                </Button>
              </Group>
            </Alert>
          ) : (
            <Group justify="flex-end">
              <Button onClick={() => setAsking(true)}>Done</Button>
            </Group>
          )}
        </Stack>
      )}
    </Modal>
  );
}
