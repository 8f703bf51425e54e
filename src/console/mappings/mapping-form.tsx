import { Button, Group, Stack } from '@mantine/core';
import { useState } from 'react';
import type { GroupAnswer } from '../../contract/groups.ts';
import { isProblem } from '../api/problem-error.ts';
import { useMay } from '../session/session.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { WorkspaceSelect } from '../workspaces/workspace-select.tsx';
import { useSaveMapping } from './mapping-mutations.ts';
import { MappingPreview } from './mapping-preview.tsx';
import type { MappingChoice } from './mapping-queries.ts';
import { RoleSelect } from './role-select.tsx';

/** The choice, and its preview before it is saved. */
export function MappingForm({
  organizationId,
  group,
  onChange,
  onSaved,
}: {
  organizationId: string;
  group: GroupAnswer;
  onChange: () => void;
  onSaved: (jobId: string) => void;
}) {
  const mayChange = useMay('saveMapping');
  const save = useSaveMapping(organizationId, group.id, onSaved);
  const [choice, setChoice] = useState<MappingChoice>({
    workspaceIds: group.mapping?.workspaceIds ?? [],
    role: group.mapping?.role ?? null,
  });
  const isChanged = differs(choice, group.mapping);
  const needsConfirmation = isProblem(save.error, 'last-admin');
  const change = (part: Partial<MappingChoice>): void => {
    save.reset();
    onChange();
    setChoice((before) => ({ ...before, ...part }));
  };
  const store = (confirm: boolean): void => {
    save.mutate(confirm ? { ...choice, confirm } : choice);
  };
  return (
    // Saving is deliberate: Enter in a field, where one chooses with it, saves nothing.
    <form onSubmit={(event) => event.preventDefault()} aria-label="Group mapping">
      <Stack gap="md">
        <WorkspaceSelect
          organizationId={organizationId}
          value={choice.workspaceIds}
          onChange={(workspaceIds) => change({ workspaceIds })}
          readOnly={!mayChange}
          error={isProblem(save.error) ? save.error.messageOf('workspaceIds') : undefined}
        />
        <RoleSelect value={choice.role} onChange={(role) => change({ role })} readOnly={!mayChange} />
        {isChanged && <MappingPreview organizationId={organizationId} groupId={group.id} choice={choice} />}
        {save.isError && !needsConfirmation && <ErrorState error={save.error} />}
        {mayChange && (
          <Group justify="flex-end" gap="xs">
            <Button
              variant="default"
              disabled={!isChanged || save.isPending}
              onClick={() =>
                change({ workspaceIds: group.mapping?.workspaceIds ?? [], role: group.mapping?.role ?? null })
              }
            >
              Undo
            </Button>
            <Button disabled={!isChanged} loading={save.isPending} onClick={() => store(false)}>
              Save
            </Button>
          </Group>
        )}
      </Stack>
      <ConfirmDialog
        opened={needsConfirmation}
        title="Leave the organization without an admin?"
        confirmLabel="Save all the same"
        danger
        onConfirm={() => store(true)}
        onClose={() => save.reset()}
      >
        {save.error?.message}
      </ConfirmDialog>
    </form>
  );
}

function differs(choice: MappingChoice, saved: GroupAnswer['mapping']): boolean {
  const before = new Set(saved?.workspaceIds);
  return (
    choice.role !== (saved?.role ?? null) ||
    choice.workspaceIds.length !== before.size ||
    choice.workspaceIds.some((id) => !before.has(id))
  );
}
