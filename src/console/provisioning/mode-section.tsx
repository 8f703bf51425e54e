import { Button, Group, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { ProvisioningMode } from '../../contract/organizations.ts';
import { isProblem } from '../api/problem-error.ts';
import { modeWords } from '../organizations/organization-words.ts';
import { useMay } from '../session/session.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { notifyDone } from '../shared/notify.ts';
import { Section } from '../shared/section.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import type { Credentials } from '../tokens/credentials-dialog.tsx';
import { LeaveScimDialog } from './leave-scim-dialog.tsx';
import classes from './mode-section.module.css';
import { Prerequisites } from './prerequisites.tsx';
import { useSetMode } from './provisioning-mutations.ts';
import type { Provisioning } from './provisioning-queries.ts';

const modes: readonly { mode: ProvisioningMode; says: string }[] = [
  { mode: 'manual', says: 'Admins invite people and remove them. Nothing happens by itself.' },
  { mode: 'jit', says: 'A first sign-in through SSO creates the person, if the domain of the address is verified.' },
  {
    mode: 'scim',
    says: 'Your identity provider pushes people and groups, and takes access away when somebody leaves.',
  },
];

/** The mode selector, and what is missing for SCIM. A choice counts when it is confirmed by the button. */
export function ModeSection({
  organizationId,
  provisioning,
  onCredentials,
}: {
  organizationId: string;
  provisioning: Provisioning;
  onCredentials: (credentials: Credentials) => void;
}) {
  const { mode, directorySync } = provisioning;
  const mayChange = useMay('setProvisioning');
  const [draft, setDraft] = useState<ProvisioningMode | null>(null);
  const chosen = draft ?? mode;
  const setMode = useSetMode(organizationId);
  const needsConfirmation =
    isProblem(setMode.error, 'scim-is-active') || isProblem(setMode.error, 'confirmation-required');
  const forget = (): void => {
    setDraft(null);
    setMode.reset();
  };
  const change = (confirm: boolean): void => {
    setMode.mutate(confirm ? { mode: chosen, confirm } : { mode: chosen }, {
      onSuccess: ({ mode: now, token, baseUrl }) => {
        setDraft(null);
        if (token !== undefined && baseUrl !== undefined) onCredentials({ token, baseUrl, isRotation: false });
        else notifyDone(`Provisioning is now ${modeWords[now]}.`);
      },
    });
  };
  return (
    <Section
      title="Provisioning & directory sync"
      lead="How people get into the organization. One way at a time."
      actions={<StateBadge {...provisioning} />}
    >
      <Radio.Group
        value={chosen}
        onChange={(value) => {
          setMode.reset();
          setDraft(value);
        }}
        aria-label="Provisioning mode"
      >
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
          {modes.map(({ mode: value, says }) => (
            <Radio.Card key={value} value={value} disabled={!mayChange} className={classes.card} p="md">
              <Group wrap="nowrap" align="flex-start" gap="sm">
                <Radio.Indicator disabled={!mayChange} />
                <div>
                  <Text fw={600}>{modeWords[value]}</Text>
                  <Text size="sm" c="dimmed">
                    {says}
                  </Text>
                </div>
              </Group>
            </Radio.Card>
          ))}
        </SimpleGrid>
      </Radio.Group>
      <Stack gap="md" className={classes.below}>
        {(chosen === 'scim' || mode === 'scim') && directorySync.missing.length > 0 && (
          <Prerequisites organizationId={organizationId} />
        )}
        {setMode.isError && !needsConfirmation && <ErrorState error={setMode.error} />}
        {chosen !== mode && (
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={forget}>
              Cancel
            </Button>
            <Button onClick={() => change(false)} loading={setMode.isPending && !needsConfirmation}>
              Change to {modeWords[chosen]}
            </Button>
          </Group>
        )}
      </Stack>
      <LeaveScimDialog
        refusal={needsConfirmation ? setMode.error : null}
        target={chosen}
        onConfirm={() => change(true)}
        onClose={() => setMode.reset()}
        onClosed={() => !setMode.isPending && setDraft(null)}
      />
    </Section>
  );
}

function StateBadge({ mode, directorySync }: Provisioning) {
  if (mode !== 'scim') return <StatusBadge tone="neutral">Directory sync is off</StatusBadge>;
  return directorySync.active ? (
    <StatusBadge tone="good">Directory sync is on</StatusBadge>
  ) : (
    <StatusBadge tone="warning">Directory sync is paused</StatusBadge>
  );
}
