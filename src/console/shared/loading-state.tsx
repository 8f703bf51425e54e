import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';

/** What stands where something is being read. It keeps the place, so that nothing jumps. */
export function LoadingState({ lines = 4 }: { lines?: number }) {
  return (
    <Stack gap="sm" role="status" aria-busy="true">
      <VisuallyHidden>Loading</VisuallyHidden>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={line === 0 ? 24 : 16} width={line === 0 ? '40%' : '100%'} />
      ))}
    </Stack>
  );
}
