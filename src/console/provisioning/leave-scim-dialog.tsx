import { List, Stack, Text } from '@mantine/core';
import type { ProvisioningMode } from '../../contract/organizations.ts';
import { modeWords } from '../organizations/organization-words.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';

/** What the service wants to have confirmed before directory sync ends. */
export function LeaveScimDialog({
  refusal,
  target,
  onConfirm,
  onClose,
  onClosed,
}: {
  /** The service's refusal to do it without; null: the dialog is closed. */
  refusal: Error | null;
  target: ProvisioningMode;
  onConfirm: () => void;
  onClose: () => void;
  /** When nothing of it is to be seen any more. */
  onClosed: () => void;
}) {
  const isJit = target === 'jit';
  return (
    <ConfirmDialog
      opened={refusal !== null}
      title={isJit && refusal !== null ? refusal.message : 'Leave SCIM?'}
      confirmLabel={`Leave SCIM for ${modeWords[target]}`}
      cancelLabel="Keep SCIM"
      danger
      onConfirm={onConfirm}
      onClose={onClose}
      onClosed={onClosed}
    >
      <Stack gap="xs">
        <Text>
          {isJit
            ? 'The two exclude each other. You can leave SCIM first; this is what happens then, at once:'
            : 'This is what happens, at once:'}
        </Text>
        <List spacing={4}>
          <List.Item>Every SCIM token is revoked: the next call of your identity provider is refused (401).</List.Item>
          <List.Item>Directory sync stops. Changes that are not applied yet are skipped.</List.Item>
          <List.Item>People, groups, mappings and access stay as they are.</List.Item>
        </List>
        <Text size="sm" c="dimmed">
          If you select SCIM again later, a new token is issued and everybody is synchronized anew.
        </Text>
      </Stack>
    </ConfirmDialog>
  );
}
