import { Card, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { GroupAnswer } from '../../contract/groups.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { asQuery } from '../shared/page-query.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { WorkspaceNames } from '../workspaces/workspace-names.tsx';
import { MappingDrawer } from './mapping-drawer.tsx';
import { groupsQuery } from './mapping-queries.ts';
import { connectionRoleWords } from './role-select.tsx';

const route = getRouteApi('/app/organizations/$organizationId/mappings');

const filters = [
  { value: 'all', label: 'All groups' },
  { value: 'true', label: 'Mapped' },
  { value: 'false', label: 'Not mapped' },
];

export function MappingsPage() {
  const { organizationId } = route.useParams();
  const { q, cursor, sort, order, mapped, group } = route.useSearch();
  const change = useSearchChange();
  const page = useQuery(groupsQuery(organizationId, asQuery({ q, cursor, sort, order, mapped: wordOf(mapped) })));
  const columns = useMemo(() => columnsOf(organizationId), [organizationId]);
  return (
    <>
      <PageHeader
        title="Group mappings"
        lead="What the members of each group get. Somebody in several groups gets the workspaces of all of them, and the highest role."
      />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <Group justify="space-between" gap="sm">
            <SearchField label="Search groups" value={q} />
            <SegmentedControl
              aria-label="Which groups"
              size="xs"
              data={filters}
              value={mapped === undefined ? 'all' : String(mapped)}
              onChange={(value) => change({ mapped: value === 'all' ? undefined : value === 'true' })}
            />
          </Group>
          <PagedTable
            label="Groups"
            columns={columns}
            page={page}
            rowKey={({ id }) => id}
            sort={sort ?? 'displayName'}
            order={order ?? 'asc'}
            openRow={group}
            onOpen={({ id }) => change({ group: id }, { keepPage: true })}
            empty={
              <EmptyState>
                {q === undefined && mapped === undefined
                  ? 'No groups synced yet. Groups will appear here automatically once your identity provider pushes them via SCIM.'
                  : 'No group matches. Clear the search or the filter to see the others.'}
              </EmptyState>
            }
          />
        </Stack>
      </Card>
      <MappingDrawer
        organizationId={organizationId}
        groupId={group}
        onClose={() => change({ group: undefined }, { keepPage: true })}
      />
    </>
  );
}

/** The API's queries are text. */
function wordOf(value: boolean | undefined): 'true' | 'false' | undefined {
  return value === undefined ? undefined : value ? 'true' : 'false';
}

function columnsOf(organizationId: string): readonly Column<GroupAnswer>[] {
  return [
    {
      header: 'Group',
      sort: 'displayName',
      width: '32%',
      cell: ({ displayName }) => (
        <Text component="span" fw={500} inherit>
          <OutsideName short>{displayName}</OutsideName>
        </Text>
      ),
    },
    { header: 'Members', sort: 'memberCount', cell: ({ memberCount }) => memberCount.toLocaleString() },
    {
      header: 'Workspaces',
      cell: ({ mapping }) => <WorkspaceNames organizationId={organizationId} ids={mapping?.workspaceIds ?? []} />,
    },
    {
      header: 'Role',
      cell: ({ mapping }) =>
        mapping?.role == null ? (
          <Text component="span" c="dimmed" inherit>
            {connectionRoleWords}
          </Text>
        ) : (
          roleWords[mapping.role]
        ),
    },
    { header: 'Changed', sort: 'updatedAt', cell: ({ updatedAt }) => <Moment at={updatedAt} ago /> },
  ];
}
