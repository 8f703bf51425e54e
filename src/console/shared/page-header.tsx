import { Group, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

/** The one `h1` of a page; it names the window too. `actions` stand at the right, below on a phone. */
export function PageHeader({ title, lead, actions }: { title: string; lead?: ReactNode; actions?: ReactNode }) {
  useDocumentTitle(`${title} · Rollcall`);
  return (
    <Group component="header" justify="space-between" align="flex-start" gap="sm" mb="lg">
      <Stack gap={4} flex="1 1 16rem">
        <Title order={1}>{title}</Title>
        {lead !== undefined && (
          <Text c="dimmed" maw={680}>
            {lead}
          </Text>
        )}
      </Stack>
      {actions !== undefined && <Group gap="xs">{actions}</Group>}
    </Group>
  );
}
