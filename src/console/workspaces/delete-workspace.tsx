import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { WorkspaceAnswer } from '../../contract/workspaces.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { notifyDone } from '../shared/notify.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { useDeleteWorkspace } from './workspace-mutations.ts';

export function DeleteWorkspace({
  organizationId,
  workspace: { id, name },
}: {
  organizationId: string;
  workspace: WorkspaceAnswer;
}) {
  const [opened, { open, close }] = useDisclosure(false);
  const remove = useDeleteWorkspace(organizationId);
  return (
    <>
      <Button variant="subtle" color="red" size="compact-sm" onClick={open} aria-label={`Delete ${name}`}>
        Delete
      </Button>
      <ConfirmDialog
        opened={opened}
        title="Delete this workspace?"
        confirmLabel="Delete"
        danger
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          remove.mutate(id, {
            onSuccess: () => {
              close();
              notifyDone(`The workspace ${name} is deleted.`);
            },
          })
        }
        onClose={() => {
          remove.reset();
          close();
        }}
      >
        <Text>
          Everybody loses access to <OutsideName>{name}</OutsideName> at once, also who got it by hand, and every group
          mapping drops it. This cannot be taken back.
        </Text>
      </ConfirmDialog>
    </>
  );
}
