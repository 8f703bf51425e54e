import { Alert, Button, Group, List, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { ProblemError } from '../api/problem-error.ts';

/** An error in the words of whoever raised it: the service's own, where it answered. */
export function ErrorState({
  error,
  title = 'This did not work',
  onRetry,
}: {
  error: Error;
  title?: string;
  onRetry?: () => void;
}) {
  const problem = error instanceof ProblemError ? error.problem : null;
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title} role="alert">
      <Text size="sm">{problem?.detail ?? error.message}</Text>
      {problem?.nextStep !== undefined && <Text size="sm">{problem.nextStep}</Text>}
      {problem?.errors !== undefined && (
        <List size="sm" mt={4}>
          {problem.errors.map(({ field, message }) => (
            <List.Item key={`${field} ${message}`}>
              {field} {message}
            </List.Item>
          ))}
        </List>
      )}
      <Group mt="xs" gap="sm" justify="space-between">
        {onRetry === undefined ? (
          <span />
        ) : (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        {problem?.requestId !== undefined && (
          <Text size="xs" c="dimmed">
            Request {problem.requestId}
          </Text>
        )}
      </Group>
    </Alert>
  );
}
