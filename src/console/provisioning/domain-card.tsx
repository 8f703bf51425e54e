import { Button, Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMay, useSession } from '../session/session.ts';
import { ConfirmDialog } from '../shared/confirm-dialog.tsx';
import { CopyField } from '../shared/copy-field.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { notifyDone } from '../shared/notify.ts';
import { StatusBadge } from '../shared/status-badge.tsx';
import { useAsking } from '../shared/use-asking.ts';
import { useRemoveDomain, useVerifyDomain } from './provisioning-mutations.ts';
import type { Domain } from './provisioning-queries.ts';

/** One domain: whether it is verified, else what to publish, and the button that looks for it. */
export function DomainCard({ organizationId, domain }: { organizationId: string; domain: Domain }) {
  const { domain: name, verified, verifiedAt, txtRecord } = domain;
  const mayVerify = useMay('verifyDomain');
  const mayRemove = useMay('removeDomain');
  const { scope } = useSession();
  const verify = useVerifyDomain(organizationId);
  const remove = useRemoveDomain(organizationId);
  const asking = useAsking(remove);
  const onVerified = { onSuccess: () => notifyDone(`${name} is verified.`) };
  return (
    <Paper withBorder p="md" component="article" aria-label={name}>
      <Stack gap="sm">
        <Group justify="space-between" gap="sm">
          <Group gap="sm">
            <Text fw={600}>{name}</Text>
            <StatusBadge tone={verified ? 'good' : 'waiting'}>{verified ? 'Verified' : 'Not verified yet'}</StatusBadge>
            {verifiedAt !== null && (
              <Text size="sm" c="dimmed">
                <Moment at={verifiedAt} ago />
              </Text>
            )}
          </Group>
          {mayRemove && (
            <Button variant="subtle" color="red" size="compact-sm" onClick={asking.ask}>
              Remove
            </Button>
          )}
        </Group>
        {!verified && (
          <>
            <Text size="sm">Publish this TXT record in the DNS of the domain, then verify:</Text>
            <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
              <CopyField label="Name" value={txtRecord.name} />
              <CopyField label="Value" value={txtRecord.value} />
            </SimpleGrid>
            {verify.isError && <ErrorState error={verify.error} />}
            {mayVerify && (
              <Group gap="xs">
                <Button
                  size="xs"
                  loading={verify.isPending && verify.variables.verified === undefined}
                  onClick={() => verify.mutate({ domain: name }, onVerified)}
                >
                  Verify
                </Button>
                {scope === 'platform' && (
                  <Button
                    size="xs"
                    variant="default"
                    loading={verify.isPending && verify.variables.verified === true}
                    onClick={() => verify.mutate({ domain: name, verified: true }, onVerified)}
                  >
                    Take as verified, without DNS
                  </Button>
                )}
              </Group>
            )}
          </>
        )}
      </Stack>
      <ConfirmDialog
        {...asking.dialog}
        title={`Remove ${name}?`}
        confirmLabel="Remove the domain"
        danger
        onConfirm={() => remove.mutate(name, { onSuccess: () => asking.close() })}
      >
        {verified
          ? 'Just-in-time sign-ins with addresses of this domain end. If it is the last verified domain, directory sync is paused until another one is verified.'
          : 'The claim is dropped; it can be made again at any time.'}
      </ConfirmDialog>
    </Paper>
  );
}
