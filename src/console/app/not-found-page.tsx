import { Anchor, Center, Stack, Text, Title } from '@mantine/core';

export function NotFoundPage() {
  return (
    <Center mih="60vh" p="md">
      <Stack align="center" gap="xs">
        <Title order={1}>There is no such page</Title>
        <Text c="dimmed">The address may be mistyped, or from another version.</Text>
        <Anchor href="/">Go to the start</Anchor>
      </Stack>
    </Center>
  );
}
