import { Button, Text } from '@mantine/core';
import type { AdminKeyAnswer } from '../../contract/admin-keys.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { notifyDone } from '../shared/notify.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { useAsking } from '../shared/use-asking.ts';
import { useRevokeAdminKey } from './admin-key-mutations.ts';

export function RevokeKey({
  organizationId,
  adminKey: { id, name },
}: {
  organizationId: string;
  adminKey: AdminKeyAnswer;
}) {
  const revoke = useRevokeAdminKey(organizationId);
  const asking = useAsking(revoke);
  return (
    <>
      <Button variant="subtle" color="red" size="compact-sm" onClick={asking.ask} aria-label={`Revoke the key ${name}`}>
        Revoke
      </Button>
      <ConfirmDialog
        {...asking.dialog}
        title="Revoke this key?"
        confirmLabel="Revoke now"
        danger
        onConfirm={() =>
          revoke.mutate(id, {
            onSuccess: () => {
              asking.close();
              notifyDone(`The key ${name} is revoked.`);
            },
          })
        }
      >
        <Text>
          <OutsideName>{name}</OutsideName> is refused from the next request on, and whoever is signed in with it is
          signed out. If it is the key that you signed in with, so are you.
        </Text>
      </ConfirmDialog>
    </>
  );
}
