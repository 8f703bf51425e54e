import { Anchor, Group, List, Select, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { plans } from '../../contract/organizations.ts';
import { organizationQuery } from '../organizations/organization-queries.ts';
import { planWords } from '../organizations/organization-words.ts';
import { useSession } from '../session/session.ts';
import { setupQuery } from '../setup/setup-queries.ts';
import { notifyError } from '../shared/notify.ts';
import { useUpdateOrganization } from './provisioning-mutations.ts';

/** What SCIM needs, what of it is there, and how to get the rest. */
export function Prerequisites({ organizationId }: { organizationId: string }) {
  const setup = useQuery(setupQuery(organizationId));
  const { scope } = useSession();
  if (setup.data === undefined) return null;
  const { planAllows, ssoIsActive, hasVerifiedDomain } = setup.data.prerequisites;
  return (
    <div>
      <Text fw={600} size="sm" mb={6}>
        What SCIM needs
      </Text>
      <List spacing="xs" size="sm" listStyleType="none">
        <Condition isMet={planAllows} name="A plan with directory sync (Business or Enterprise)">
          {scope === 'platform' ? (
            <PlanSelect organizationId={organizationId} />
          ) : (
            'Ask whoever runs this service to change the plan.'
          )}
        </Condition>
        <Condition isMet={ssoIsActive} name="An active SSO connection">
          <Anchor inherit href="#sso-connection">
            Set it up below
          </Anchor>
        </Condition>
        <Condition isMet={hasVerifiedDomain} name="A verified domain">
          <Anchor inherit href="#domains">
            Add and verify one below
          </Anchor>
        </Condition>
      </List>
    </div>
  );
}

function Condition({ isMet, name, children }: { isMet: boolean; name: string; children: React.ReactNode }) {
  return (
    <List.Item
      icon={
        isMet ? (
          <IconCircleCheck size={20} color="var(--mantine-color-teal-filled)" role="img" aria-label="Done:" />
        ) : (
          <IconCircleDashed size={20} color="var(--mantine-color-orange-filled)" role="img" aria-label="Missing:" />
        )
      }
    >
      <Group gap={4} fz="sm">
        <Text size="sm" mr="xs">
          {name}
        </Text>
        {!isMet && children}
      </Group>
    </List.Item>
  );
}

function PlanSelect({ organizationId }: { organizationId: string }) {
  const organization = useQuery(organizationQuery(organizationId));
  const update = useUpdateOrganization(organizationId);
  return (
    <Select
      aria-label="Plan"
      size="xs"
      w={140}
      data={plans.map((plan) => ({ value: plan, label: planWords[plan] }))}
      value={organization.data?.plan ?? null}
      disabled={update.isPending}
      allowDeselect={false}
      onChange={(plan) => plan !== null && update.mutate({ plan: plan }, { onError: notifyError })}
    />
  );
}
