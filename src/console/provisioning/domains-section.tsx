import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { useMay } from '../session/session.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { Section } from '../shared/section.tsx';
import { DomainCard } from './domain-card.tsx';
import { useAddDomain } from './provisioning-mutations.ts';
import { domainsQuery } from './provisioning-queries.ts';

export function DomainsSection({ organizationId }: { organizationId: string }) {
  const { data, error, refetch } = useQuery(domainsQuery(organizationId));
  const mayAdd = useMay('addDomain');
  return (
    <div id="domains">
      <Section
        title="Domains"
        lead="Domains of your email addresses. A TXT record in the DNS proves that they are yours."
      >
        {data === undefined && error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <LoadingState />}
        {data !== undefined && (
          <Stack gap="md">
            {data.items.length === 0 && <EmptyState>No domain is claimed yet.</EmptyState>}
            {data.items.map((domain) => (
              <DomainCard key={domain.domain} organizationId={organizationId} domain={domain} />
            ))}
            {mayAdd && <AddDomainForm organizationId={organizationId} />}
          </Stack>
        )}
      </Section>
    </div>
  );
}

function AddDomainForm({ organizationId }: { organizationId: string }) {
  const add = useAddDomain(organizationId);
  const [name, setName] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    add.mutate(name, { onSuccess: () => setName('') });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Group align="flex-end" gap="xs">
          <TextInput
            label="Add a domain"
            placeholder="example.com"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
            maxLength={253}
            flex="1 1 14rem"
            autoCapitalize="none"
            spellCheck={false}
          />
          <Button type="submit" variant="default" loading={add.isPending}>
            Add
          </Button>
        </Group>
        {add.isError && <ErrorState error={add.error} />}
      </Stack>
    </form>
  );
}
