import { Alert, Box, Button, Card, Center, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { getRouteApi } from '@tanstack/react-router';
import { useState, type SubmitEvent } from 'react';
import { ColorSchemeToggle } from '../app/color-scheme-toggle.tsx';
import { ConnectionBanner } from '../app/connection-banner.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { returnAddress } from './return-address.ts';
import { useSignIn } from './session.ts';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  useDocumentTitle('Sign in · Rollcall');
  const { returnTo, ended = false } = route.useSearch();
  const signIn = useSignIn();
  const [adminKey, setAdminKey] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    signIn.mutate(adminKey, {
      // By a page load: it may be a page beside the console, and nothing of an earlier session stays in memory.
      onSuccess: () => location.assign(returnAddress(returnTo, location.origin)),
    });
  };
  return (
    <Box component="main" mih="100vh">
      <ConnectionBanner />
      <Center mih="90vh" p="md">
        <Card withBorder padding="xl" w="100%" maw={420} component="form" onSubmit={submit}>
          <Stack gap="md">
            <Group justify="space-between" wrap="nowrap">
              <Group gap="sm" wrap="nowrap">
                <img src="/console-icon.svg" width={32} height={32} alt="" />
                <Title order={1}>Sign in to Rollcall</Title>
              </Group>
              <ColorSchemeToggle />
            </Group>
            {ended && !signIn.isError && (
              <Alert color="yellow" role="status">
                Your session has ended. Sign in again, and you are back where you were.
              </Alert>
            )}
            <PasswordInput
              label="Admin key"
              description="The platform's key, or one of your organization."
              value={adminKey}
              onChange={(event) => setAdminKey(event.currentTarget.value)}
              autoComplete="current-password"
              required
              withAsterisk={false}
              autoFocus
              maxLength={500}
              visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the key' }}
            />
            {signIn.isError && <ErrorState error={signIn.error} />}
            <Button type="submit" loading={signIn.isPending} fullWidth>
              Sign in
            </Button>
            <Text size="xs" c="dimmed">
              The key is exchanged for a session of this browser. It is not stored here, and the session ends when you
              sign out, after two hours without use, and when the key is revoked.
            </Text>
          </Stack>
        </Card>
      </Center>
    </Box>
  );
}
