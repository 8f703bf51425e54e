import { Button, Code, Group, Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useRevokeToken } from '../provisioning/provisioning-mutations.ts';
import { useMay } from '../session/session.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { Moment } from '../shared/moment.tsx';
import { notifyDone } from '../shared/notify.ts';
import { StatusBadge } from '../shared/status-badge.tsx';
import { useAsking } from '../shared/use-asking.ts';
import { Countdown } from './countdown.tsx';
import type { ScimToken } from './token-queries.ts';

/** One token: never the token itself, but enough to recognize it by and to judge whether it is in use. */
export function TokenCard({
  organizationId,
  token,
  isOnly,
  isNewest,
}: {
  organizationId: string;
  token: ScimToken;
  isOnly: boolean;
  isNewest: boolean;
}) {
  const { id, prefix, lastFour, createdAt, firstUsedAt, lastUsedAt, expiresAt } = token;
  const name = `${prefix}…${lastFour}`;
  const mayRevoke = useMay('revokeScimToken');
  const revoke = useRevokeToken(organizationId);
  const asking = useAsking(revoke);
  return (
    <Paper withBorder p="md" component="article" aria-label={`Token ${name}`}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={8} flex="1 1 16rem">
          <Group gap="sm">
            <Code fz="sm">{name}</Code>
            {expiresAt === null ? (
              <StatusBadge tone="good">{isOnly || isNewest ? 'Valid' : 'Valid, older'}</StatusBadge>
            ) : (
              <StatusBadge tone="warning">Being replaced</StatusBadge>
            )}
          </Group>
          <Group gap="xl">
            <Fact name="Created">
              <Moment at={createdAt} ago />
            </Fact>
            <Fact name="First used">{firstUsedAt === null ? 'Never' : <Moment at={firstUsedAt} ago />}</Fact>
            <Fact name="Last used">{lastUsedAt === null ? 'Never' : <Moment at={lastUsedAt} ago />}</Fact>
            <Fact name="Expires">{expiresAt === null ? 'Never' : <Countdown until={expiresAt} />}</Fact>
          </Group>
        </Stack>
        {mayRevoke && (
          <Button variant="subtle" color="red" size="compact-sm" onClick={asking.ask}>
            Revoke now
          </Button>
        )}
      </Group>
      <ConfirmDialog
        {...asking.dialog}
        title={`Revoke ${name}?`}
        confirmLabel="Revoke now"
        danger
        onConfirm={() =>
          revoke.mutate(id, {
            onSuccess: () => {
              asking.close();
              notifyDone(`The token ${name} is revoked.`);
            },
          })
        }
      >
        {isOnly
          ? 'It is the only token: from the next request on your identity provider is refused, until you issue a new one and enter it there.'
          : 'From the next request on it is refused. Whatever still uses it stops.'}
      </ConfirmDialog>
    </Paper>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text size="sm" component="div">
        {children}
      </Text>
    </div>
  );
}
