import { Card, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { organizationRoles } from '../../contract/roles.ts';
import { userOrigins, type UserAnswer } from '../../contract/users.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { FilterSelect } from '../shared/filter-select.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { ActiveBadge } from './active-badge.tsx';
import { InviteButton } from './invite-button.tsx';
import { usersQuery } from './people-queries.ts';
import { originWords } from './people-words.ts';
import { PersonDrawer } from './person-drawer.tsx';

const route = getRouteApi('/app/organizations/$organizationId/people');

const columns: readonly Column<UserAnswer>[] = [
  { header: 'User', sort: 'userName', cell: ({ userName }) => <OutsideName short>{userName}</OutsideName> },
  {
    header: 'Name',
    cell: ({ displayName }) => (displayName === null ? '–' : <OutsideName short>{displayName}</OutsideName>),
  },
  { header: 'State', cell: ({ active }) => <ActiveBadge active={active} /> },
  { header: 'Role', cell: ({ role }) => (role === null ? '–' : roleWords[role]) },
  { header: 'Source', cell: ({ managedBy }) => originWords[managedBy] },
];

export function PeoplePage() {
  const { organizationId } = route.useParams();
  const { q, cursor, sort, order, active, role, managedBy, person } = route.useSearch();
  const change = useSearchChange();
  const activeWord = active === undefined ? undefined : active ? ('true' as const) : ('false' as const);
  const page = useQuery(
    usersQuery(organizationId, asQuery({ q, cursor, sort, order, active: activeWord, role, managedBy })),
  );
  const isFiltered = [q, active, role, managedBy].some((value) => value !== undefined);
  return (
    <>
      <PageHeader
        title="People"
        lead="Who is in the organization, what they may do, and why."
        actions={<InviteButton organizationId={organizationId} />}
      />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <Group gap="sm">
            <SearchField label="Search names and addresses" value={q} />
            <FilterSelect
              label="State"
              value={activeWord}
              data={[
                { value: 'true', label: 'Active' },
                { value: 'false', label: 'Inactive' },
              ]}
              onChange={(value) => change({ active: value === undefined ? undefined : value === 'true' })}
            />
            <FilterSelect
              label="Role"
              value={role}
              data={organizationRoles.map((value) => ({ value, label: roleWords[value] }))}
              onChange={(value) => change({ role: value })}
            />
            <FilterSelect
              label="Source"
              value={managedBy}
              data={userOrigins.map((value) => ({ value, label: originWords[value] }))}
              onChange={(value) => change({ managedBy: value })}
            />
          </Group>
          <PagedTable
            label="People"
            columns={columns}
            page={page}
            rowKey={({ id }) => id}
            {...(sort === undefined ? {} : { sort })}
            order={order ?? 'asc'}
            openRow={person}
            onOpen={({ id }) => change({ person: id }, { keepPage: true })}
            empty={
              <EmptyState>
                {isFiltered
                  ? 'Nobody matches. Clear the search or a filter to see the others.'
                  : 'Nobody is here yet. People appear when they are invited, sign in, or are pushed by the identity provider - as the provisioning mode says.'}
              </EmptyState>
            }
          />
        </Stack>
      </Card>
      <PersonDrawer
        organizationId={organizationId}
        userId={person}
        onClose={() => change({ person: undefined }, { keepPage: true })}
      />
    </>
  );
}
