import { Button, Group, Text } from '@mantine/core';
import type { UserAnswer } from '../../contract/users.ts';
import { useMay } from '../session/session.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { notifyDone } from '../shared/notify.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { useAsking } from '../shared/use-asking.ts';
import { useRemoveUser } from './people-mutations.ts';

/** Removes somebody whom no identity provider manages; for others it says where that is done. */
export function RemovePerson({
  organizationId,
  person,
  onRemoved,
}: {
  organizationId: string;
  person: UserAnswer;
  onRemoved: () => void;
}) {
  const mayRemove = useMay('removeUser');
  const remove = useRemoveUser(organizationId, person.id, () => {
    notifyDone(`${person.userName} is removed.`);
    onRemoved();
  });
  const asking = useAsking(remove);
  if (!mayRemove) return null;
  if (person.managedBy === 'directory') {
    return (
      <Text size="sm" c="dimmed">
        The identity provider manages this person: deactivate or remove them there.
      </Text>
    );
  }
  return (
    <Group>
      <Button color="red" variant="light" onClick={asking.ask}>
        Remove from the organization
      </Button>
      <ConfirmDialog
        {...asking.dialog}
        title="Remove this person?"
        confirmLabel="Remove"
        danger
        onConfirm={() => remove.mutate(undefined)}
      >
        <Text>
          <OutsideName>{person.userName}</OutsideName> loses all access at once and is taken out of every group. The
          sync log keeps what happened.
        </Text>
      </ConfirmDialog>
    </Group>
  );
}
