import { Card, Code, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AnswerOf } from '../../contract/endpoint.ts';
import type { syncLogEndpoints } from '../../contract/sync-log-endpoints.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { logsQuery } from './log-queries.ts';
import { LogStatusBadge } from './log-status-badge.tsx';

const route = getRouteApi('/app/organizations/$organizationId/logs');

type Entry = AnswerOf<typeof syncLogEndpoints.listSyncLogs>['items'][number];

const columns: readonly Column<Entry>[] = [
  { header: 'Time', cell: ({ occurredAt }) => <Moment at={occurredAt} />, width: '12rem' },
  { header: 'Status', cell: ({ status }) => <LogStatusBadge status={status} /> },
  { header: 'Action', cell: ({ action }) => <Code>{action}</Code> },
  { header: 'Resource', cell: ({ resource: { name, id, type } }) => name ?? id ?? type },
  { header: 'Message', cell: ({ message }) => message },
];

export function LogsPage() {
  const { organizationId } = route.useParams();
  const { q, cursor } = route.useSearch();
  const page = useQuery(logsQuery(organizationId, asQuery({ q, cursor })));
  return (
    <>
      <PageHeader title="Sync logs" lead="Everything that directory sync and admins did, newest first." />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <SearchField label="Search names and messages" value={q} />
          <PagedTable
            label="Sync log entries"
            columns={columns}
            page={page}
            rowKey={({ id }) => id}
            empty={<EmptyState>{q === undefined ? 'Nothing has happened yet.' : 'No entry matches.'}</EmptyState>}
          />
        </Stack>
      </Card>
    </>
  );
}
