import { ActionIcon, Tooltip } from '@mantine/core';
import { IconLogout } from '@tabler/icons-react';
import { notifyError } from '../shared/notify.ts';
import { useSignOut } from './session.ts';

export function SignOutButton() {
  const signOut = useSignOut();
  return (
    <Tooltip label="Sign out">
      <ActionIcon
        variant="default"
        size="lg"
        aria-label="Sign out"
        loading={signOut.isPending}
        onClick={() =>
          signOut.mutate(undefined, {
            // A page load leaves nothing of the session in memory.
            onSuccess: () => location.assign('/sign-in'),
            onError: notifyError,
          })
        }
      >
        <IconLogout size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
