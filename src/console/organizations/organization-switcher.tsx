import { Select, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { useState } from 'react';
import { useSession } from '../session/session.ts';
import { organizationQuery, organizationsQuery } from './organization-queries.ts';

/** Which organization is shown. A platform admin chooses another, and stays on the same page. */
export function OrganizationSwitcher() {
  const { organization } = useSession();
  if (organization === null) return <OrganizationSelect />;
  return (
    <Text fw={500} truncate title={organization.name}>
      {organization.name}
    </Text>
  );
}

/** How many are offered at once; whoever looks for another one types. */
const offered = 50;

function OrganizationSelect() {
  const navigate = useNavigate();
  const { organizationId } = useParams({ strict: false });
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), 200);
  const current = useQuery({ ...organizationQuery(organizationId ?? ''), enabled: organizationId !== undefined });
  const isSearch = q !== '' && q !== current.data?.name;
  const list = useQuery(organizationsQuery({ limit: offered, ...(isSearch ? { q } : {}) }));
  const names = new Map((list.data?.items ?? []).map(({ id, name }) => [id, name]));
  if (current.data !== undefined) names.set(current.data.id, current.data.name);
  return (
    <Select
      aria-label="Organization"
      placeholder="Choose an organization"
      searchable
      data={[...names].map(([value, label]) => ({ value, label }))}
      // The service has searched already.
      filter={({ options }) => options}
      value={organizationId ?? null}
      onSearchChange={setTyped}
      onChange={(chosen) => {
        if (chosen === null || chosen === organizationId) return;
        const page = /^\/organizations\/[^/]+\/([\w-]+)/.exec(path)?.[1] ?? 'identity';
        void navigate({ to: `/organizations/${chosen}/${page}` });
      }}
      nothingFoundMessage="No organization has this in its name."
      allowDeselect={false}
      maw={280}
      w="100%"
    />
  );
}
