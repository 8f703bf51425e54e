import { Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { ErrorState } from './error-state.tsx';

/**
 * Asks before something that is hard to take back. The text says what will happen; the button repeats the verb.
 * While it is being done the dialog stays, and a refusal is shown in it.
 */
export function ConfirmDialog({
  opened,
  title,
  children,
  confirmLabel,
  cancelLabel = 'Cancel',
  danger = false,
  busy = false,
  canConfirm = true,
  error = null,
  onConfirm,
  onClose,
  onClosed,
}: {
  opened: boolean;
  title: string;
  children: ReactNode;
  confirmLabel: string;
  cancelLabel?: string;
  danger?: boolean;
  busy?: boolean;
  /** False: the text says why there is nothing to confirm. */
  canConfirm?: boolean;
  error?: Error | null;
  onConfirm: () => void;
  onClose: () => void;
  /** When nothing of it is to be seen any more. */
  onClosed?: () => void;
}) {
  return (
    <Modal
      opened={opened}
      onClose={busy ? () => undefined : onClose}
      {...(onClosed === undefined ? {} : { onExitTransitionEnd: onClosed })}
      title={title}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack gap="md">
        <div>{children}</div>
        {error !== null && <ErrorState error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} disabled={busy} data-autofocus>
            {cancelLabel}
          </Button>
          <Button {...(danger ? { color: 'red.9' } : {})} onClick={onConfirm} loading={busy} disabled={!canConfirm}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
