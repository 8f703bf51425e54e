import { useDisclosure } from '@mantine/hooks';
import type { UseMutationResult } from '@tanstack/react-query';

/**
 * A question before a write: `ask` opens it, `close` ends it once the write is done, and `dialog` goes to the
 * `ConfirmDialog`. Who closes it is not shown an old refusal the next time.
 */
export function useAsking({ isPending, error, reset }: Pick<UseMutationResult, 'isPending' | 'error' | 'reset'>) {
  const [opened, { open, close }] = useDisclosure(false);
  const onClose = (): void => {
    reset();
    close();
  };
  return { ask: open, close, dialog: { opened, busy: isPending, error, onClose } };
}
