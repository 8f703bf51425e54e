import { List, Loader, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { setupCountCap, type SetupAnswer } from '../../contract/setup.ts';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { PageLink } from '../shared/page-link.tsx';
import { Section } from '../shared/section.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import { setupQuery } from './setup-queries.ts';

/** What has arrived from the provider, as it arrives. */
export function Checklist({ organizationId, pace }: { organizationId: string; pace: string }) {
  const setup = useQuery(setupQuery(organizationId));
  const { data } = setup;
  return (
    <Section
      title="What has arrived"
      lead={pace}
      actions={data !== undefined && data.firstMapping === null && <StatusBadge tone="waiting">Watching</StatusBadge>}
    >
      {setup.isPending && <LoadingState lines={5} />}
      {setup.isError && data === undefined && <ErrorState error={setup.error} onRetry={() => void setup.refetch()} />}
      {data !== undefined && data.mode !== 'scim' && (
        <Text mb="md">
          SCIM is not selected, so the identity provider is refused. Select it under{' '}
          <PageLink to="/organizations/$organizationId/identity" params={{ organizationId }} inherit>
            Identity and access
          </PageLink>
          .
        </Text>
      )}
      {data?.mode === 'scim' &&
        data.missing.map((sentence) => (
          <Text key={sentence} mb="sm">
            {sentence}
          </Text>
        ))}
      {data !== undefined && <Arrivals organizationId={organizationId} setup={data} />}
    </Section>
  );
}

function Arrivals({ organizationId, setup }: { organizationId: string; setup: SetupAnswer }) {
  const { firstTokenAcceptedAt, lastRequestAt, firstUser, firstGroup, firstMembership, firstMapping } = setup;
  return (
    <>
      <List spacing="sm" center={false} listStyleType="none" aria-live="polite">
        <Arrival name="Token accepted" at={firstTokenAcceptedAt} />
        <Arrival name="First person" at={firstUser?.at}>
          {firstUser?.name} {countOf(setup.users, 'so far')}
        </Arrival>
        <Arrival name="First group" at={firstGroup?.at}>
          {firstGroup?.name} {countOf(setup.groups, 'so far')}
        </Arrival>
        <Arrival name="First membership" at={firstMembership?.at}>
          {firstMembership !== null && `in ${firstMembership.name},`}
        </Arrival>
        <Arrival name="First group mapped" at={firstMapping?.at}>
          {firstMapping?.name} {countOf(setup.mappedGroups, 'mapped')}
        </Arrival>
      </List>
      {firstGroup !== null && firstMapping === null && (
        <Text size="sm" mt="md">
          Groups have arrived. Now{' '}
          <PageLink to="/organizations/$organizationId/mappings" params={{ organizationId }} inherit>
            choose what their members get
          </PageLink>
          .
        </Text>
      )}
      {lastRequestAt !== null && (
        <Text size="sm" c="dimmed" mt="md">
          Last request <Moment at={lastRequestAt} ago />
        </Text>
      )}
    </>
  );
}

function Arrival({ name, at, children }: { name: string; at: string | null | undefined; children?: ReactNode }) {
  const isThere = at != null;
  return (
    <List.Item
      icon={
        isThere ? (
          <IconCircleCheck size={22} color="var(--mantine-color-teal-filled)" role="img" aria-label="Done:" />
        ) : (
          <Loader size={22} type="dots" color="gray" role="img" aria-label="Waiting for:" />
        )
      }
    >
      <Text fw={isThere ? 600 : 400}>{name}</Text>
      {isThere && (
        <Text size="sm" c="dimmed" component="div">
          {children} <Moment at={at} ago />
        </Text>
      )}
    </List.Item>
  );
}

function countOf(count: number, word: string): string {
  return `(${count >= setupCountCap ? `${setupCountCap.toLocaleString()} or more` : count.toLocaleString()} ${word}),`;
}
