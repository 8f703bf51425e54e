import { Button, Text } from '@mantine/core';
import type { WorkspaceAnswer } from '../../contract/workspaces.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { notifyDone } from '../shared/notify.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { useAsking } from '../shared/use-asking.ts';
import { useDeleteWorkspace } from './workspace-mutations.ts';

export function DeleteWorkspace({
  organizationId,
  workspace: { id, name },
}: {
  organizationId: string;
  workspace: WorkspaceAnswer;
}) {
  const remove = useDeleteWorkspace(organizationId);
  const asking = useAsking(remove);
  return (
    <>
      <Button variant="subtle" color="red" size="compact-sm" onClick={asking.ask} aria-label={`Delete ${name}`}>
        Delete
      </Button>
      <ConfirmDialog
        {...asking.dialog}
        title="Delete this workspace?"
        confirmLabel="Delete"
        danger
        onConfirm={() =>
          remove.mutate(id, {
            onSuccess: () => {
              asking.close();
              notifyDone(`The workspace ${name} is deleted.`);
            },
          })
        }
      >
        <Text>
          Everybody loses access to <OutsideName>{name}</OutsideName> at once, also who got it by hand, and every group
          mapping drops it. This cannot be taken back.
        </Text>
      </ConfirmDialog>
    </>
  );
}
