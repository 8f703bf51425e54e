import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';

/** Details of a row, beside the table that it belongs to; the whole screen on a phone. Which row it is stands in the URL. */
export function SideDrawer({
  opened,
  title,
  onClose,
  children,
}: {
  opened: boolean;
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
}) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={title}
      position="right"
      size="min(40rem, 100vw)"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {children}
    </Drawer>
  );
}
