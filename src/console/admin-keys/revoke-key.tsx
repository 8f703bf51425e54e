import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { AdminKeyAnswer } from '../../contract/admin-keys.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { notifyDone } from '../shared/notify.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { useRevokeAdminKey } from './admin-key-mutations.ts';

export function RevokeKey({
  organizationId,
  adminKey: { id, name },
}: {
  organizationId: string;
  adminKey: AdminKeyAnswer;
}) {
  const [opened, { open, close }] = useDisclosure(false);
  const revoke = useRevokeAdminKey(organizationId);
  return (
    <>
      <Button variant="subtle" color="red" size="compact-sm" onClick={open} aria-label={`Revoke the key ${name}`}>
        Revoke
      </Button>
      <ConfirmDialog
        opened={opened}
        title="Revoke this key?"
        confirmLabel="Revoke now"
        danger
        busy={revoke.isPending}
        error={revoke.error}
        onConfirm={() =>
          revoke.mutate(id, {
            onSuccess: () => {
              close();
              notifyDone(`The key ${name} is revoked.`);
            },
          })
        }
        onClose={() => {
          revoke.reset();
          close();
        }}
      >
        <Text>
          <OutsideName>{name}</OutsideName> is refused from the next request on, and whoever is signed in with it is
          signed out. If it is the key that you signed in with, so are you.
        </Text>
      </ConfirmDialog>
    </>
  );
}
