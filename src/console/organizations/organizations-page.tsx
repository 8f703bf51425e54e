import { Card, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { OrganizationAnswer } from '../../contract/organizations.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { PageLink } from '../shared/page-link.tsx';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { CreateOrganizationButton } from './create-organization-button.tsx';
import { modeWords, planWords } from './organization-words.ts';
import { organizationsQuery } from './organization-queries.ts';

const route = getRouteApi('/app/organizations');

const columns: readonly Column<OrganizationAnswer>[] = [
  {
    header: 'Name',
    cell: ({ id, name }) => (
      <PageLink to="/organizations/$organizationId/identity" params={{ organizationId: id }} fw={500} underline="hover">
        <OutsideName short>{name}</OutsideName>
      </PageLink>
    ),
  },
  { header: 'Provisioning', cell: ({ provisioningMode }) => modeWords[provisioningMode] },
  { header: 'Plan', cell: ({ plan }) => planWords[plan] },
  { header: 'Created', cell: ({ createdAt }) => <Moment at={createdAt} ago /> },
];

export function OrganizationsPage() {
  const { q, cursor } = route.useSearch();
  const navigate = useNavigate();
  const page = useQuery(
    organizationsQuery({ ...(q === undefined ? {} : { q }), ...(cursor === undefined ? {} : { cursor }) }),
  );
  return (
    <>
      <PageHeader
        title="Organizations"
        lead="Choose the organization whose directory sync you want to see."
        actions={<CreateOrganizationButton />}
      />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <SearchField label="Search by name" value={q} />
          <PagedTable
            label="Organizations"
            columns={columns}
            page={page}
            rowKey={({ id }) => id}
            onOpen={({ id }) =>
              void navigate({ to: '/organizations/$organizationId/identity', params: { organizationId: id } })
            }
            empty={
              <EmptyState>
                {q === undefined ? 'There is no organization yet.' : 'No organization has this in its name.'}
              </EmptyState>
            }
          />
        </Stack>
      </Card>
    </>
  );
}
