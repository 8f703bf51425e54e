import { Card, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { UserAnswer } from '../../contract/users.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import { usersQuery } from './people-queries.ts';

const route = getRouteApi('/app/organizations/$organizationId/people');

const columns: readonly Column<UserAnswer>[] = [
  { header: 'User', cell: ({ userName }) => userName },
  { header: 'Name', cell: ({ displayName }) => displayName },
  {
    header: 'State',
    cell: ({ active }) => (
      <StatusBadge tone={active ? 'good' : 'neutral'}>{active ? 'Active' : 'Inactive'}</StatusBadge>
    ),
  },
  { header: 'Role', cell: ({ role }) => (role === null ? '-' : roleWords[role]) },
];

export function PeoplePage() {
  const { organizationId } = route.useParams();
  const { q, cursor } = route.useSearch();
  const page = useQuery(usersQuery(organizationId, asQuery({ q, cursor })));
  return (
    <>
      <PageHeader title="People" lead="Who is in the organization, what they may do, and why." />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <SearchField label="Search names and addresses" value={q} />
          <PagedTable
            label="People"
            columns={columns}
            page={page}
            rowKey={({ id }) => id}
            empty={<EmptyState>{q === undefined ? 'Nobody is here yet.' : 'Nobody matches.'}</EmptyState>}
          />
        </Stack>
      </Card>
    </>
  );
}
