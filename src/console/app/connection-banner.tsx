import { Box, Group, Loader, Text } from '@mantine/core';
import { useIsReachable } from '../api/reachability.ts';

/** Says that the service is away, for as long as it is. */
export function ConnectionBanner() {
  const isReachable = useIsReachable();
  return (
    <div role="status" aria-live="polite">
      {!isReachable && (
        <Box bg="var(--mantine-color-yellow-light)" py={6} px="md" data-testid="unreachable">
          <Group gap="xs" justify="center" wrap="nowrap">
            <Loader size={14} color="yellow" aria-hidden />
            <Text size="sm">
              <strong>Rollcall cannot be reached.</strong> What you see may be old. This page goes on by itself as soon
              as it is back.
            </Text>
          </Group>
        </Box>
      )}
    </div>
  );
}
