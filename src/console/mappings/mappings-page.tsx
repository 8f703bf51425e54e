import { Card, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { GroupAnswer } from '../../contract/groups.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { groupsQuery } from './mapping-queries.ts';

const route = getRouteApi('/app/organizations/$organizationId/mappings');

const columns: readonly Column<GroupAnswer>[] = [
  { header: 'Group', cell: ({ displayName }) => displayName },
  { header: 'Members', cell: ({ memberCount }) => memberCount.toLocaleString() },
  { header: 'Workspaces', cell: ({ mapping }) => (mapping?.workspaceIds.length ?? 0).toLocaleString() },
  {
    header: 'Role',
    cell: ({ mapping }) => (mapping?.role == null ? 'Use connection role' : roleWords[mapping.role]),
  },
];

export function MappingsPage() {
  const { organizationId } = route.useParams();
  const { q, cursor } = route.useSearch();
  const page = useQuery(groupsQuery(organizationId, asQuery({ q, cursor })));
  return (
    <>
      <PageHeader title="Group mappings" lead="What the members of each group get." />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <SearchField label="Search groups" value={q} />
          <PagedTable
            label="Groups"
            columns={columns}
            page={page}
            rowKey={({ id }) => id}
            empty={
              <EmptyState>
                {q === undefined
                  ? 'No groups synced yet. Groups will appear here automatically once your identity provider pushes them via SCIM.'
                  : 'No group has this in its name.'}
              </EmptyState>
            }
          />
        </Stack>
      </Card>
    </>
  );
}
