import { Card, Group, Stack, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { SyncLogEntryAnswer } from '../../contract/sync-log-endpoints.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { useNow } from '../shared/use-now.ts';
import { ActionName } from './action-name.tsx';
import { EntryDrawer } from './entry-drawer.tsx';
import { ExportMenu } from './export-menu.tsx';
import { LogFilters } from './log-filters.tsx';
import { liveLogsQuery, logsQuery } from './log-queries.ts';
import { filtersOf } from './log-search.ts';
import { LogStatusBadge } from './log-status-badge.tsx';

const route = getRouteApi('/app/organizations/$organizationId/logs');

const columns: readonly Column<SyncLogEntryAnswer>[] = [
  { header: 'Time', cell: ({ occurredAt }) => <Moment at={occurredAt} />, width: '9.5rem' },
  { header: 'Status', cell: ({ status }) => <LogStatusBadge status={status} />, width: '6rem' },
  { header: 'Action', cell: ({ action }) => <ActionName>{action}</ActionName>, width: '9rem' },
  {
    header: 'Resource',
    width: '22%',
    cell: ({ resource: { name, id, type } }) => <OutsideName short>{name ?? id ?? type}</OutsideName>,
  },
  { header: 'Message', cell: ({ message }) => <OutsideName short>{message}</OutsideName> },
];

export function LogsPage() {
  const { organizationId } = route.useParams();
  const search = route.useSearch();
  const change = useSearchChange();
  const { cursor, live = false, entry } = search;
  const filters = asQuery(filtersOf(search, useNow(60_000)));
  const isLive = live && cursor === undefined;
  const list = useQuery({ ...logsQuery(organizationId, asQuery({ ...filters, cursor })), enabled: !isLive });
  const tail = useQuery({ ...liveLogsQuery(organizationId, filters), enabled: isLive });
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHeader
        title="Sync logs"
        lead="Everything that directory sync and admins did, newest first."
        actions={
          <Group gap="md">
            <Switch
              label="Live"
              aria-label="Live: follow the log as it grows"
              checked={isLive}
              onChange={(event) => change({ live: event.currentTarget.checked ? true : undefined })}
            />
            <ExportMenu organizationId={organizationId} filters={filters} />
          </Group>
        }
      />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <LogFilters search={search} />
          <PagedTable
            label="Sync log entries"
            columns={columns}
            page={isLive ? tail : list}
            rowKey={({ id }) => id}
            openRow={entry}
            onOpen={({ id }) => change({ entry: id }, { keepPage: true })}
            empty={
              <EmptyState>
                {isFiltered
                  ? 'No entry matches. Clear a filter to see the others.'
                  : 'Nothing has happened yet. Every change that your identity provider or an admin makes will stand here.'}
              </EmptyState>
            }
          />
        </Stack>
      </Card>
      <EntryDrawer
        organizationId={organizationId}
        entryId={entry}
        onClose={() => change({ entry: undefined }, { keepPage: true })}
      />
    </>
  );
}
