import { Group, Stack, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { healthCountCap, type OrganizationHealthAnswer } from '../../contract/operations.ts';
import { modeWords } from '../organizations/organization-words.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { Section } from '../shared/section.tsx';
import { StatusBadge } from '../shared/status-badge.tsx';
import { organizationHealthQuery } from './operations-queries.ts';

const columns: readonly Column<OrganizationHealthAnswer>[] = [
  { header: 'Organization', cell: ({ name }) => <OutsideName short>{name}</OutsideName> },
  { header: 'Sync', cell: (organization) => <SyncBadge {...organization} /> },
  {
    header: 'Last request',
    cell: ({ lastRequestAt }) => (lastRequestAt === null ? 'None yet' : <Moment at={lastRequestAt} ago />),
  },
  {
    header: 'Unfinished',
    cell: ({ unfinishedJobs, oldestUnfinishedAt }) => (
      <>
        {capped(unfinishedJobs)}
        {oldestUnfinishedAt !== null && (
          <>
            {', since '}
            <Moment at={oldestUnfinishedAt} ago />
          </>
        )}
      </>
    ),
  },
  { header: 'Failed jobs', cell: ({ failedJobs }) => capped(failedJobs) },
  { header: 'Refused in 24 h', cell: ({ failedEntries24h }) => capped(failedEntries24h) },
];

export function capped(count: number): string {
  return count >= healthCountCap ? `${healthCountCap.toLocaleString()} or more` : count.toLocaleString();
}

export function SyncBadge({ mode, directorySyncActive, failedJobs }: OrganizationHealthAnswer) {
  if (mode !== 'scim') return <StatusBadge tone="neutral">{modeWords[mode]}</StatusBadge>;
  if (!directorySyncActive) return <StatusBadge tone="warning">Paused</StatusBadge>;
  return failedJobs > 0 ? <StatusBadge tone="bad">Jobs failed</StatusBadge> : <StatusBadge tone="good">On</StatusBadge>;
}

/** Every organization with the health of its directory sync; a row opens the rest. */
export function OrganizationHealth({
  search: { q, cursor, attention },
  open,
}: {
  search: { q: string | undefined; cursor: string | undefined; attention: boolean | undefined };
  open: string | undefined;
}) {
  const change = useSearchChange();
  const page = useQuery(
    organizationHealthQuery(asQuery({ q, cursor, attention: attention === true ? ('true' as const) : undefined })),
  );
  return (
    <Section title="Organizations">
      <Stack gap="md">
        <Group gap="md">
          <SearchField label="Search organizations" value={q} />
          <Switch
            label="Only those that need attention"
            checked={attention === true}
            onChange={(event) => change({ attention: event.currentTarget.checked ? true : undefined })}
          />
        </Group>
        <PagedTable
          label="Organizations"
          columns={columns}
          page={page}
          rowKey={({ id }) => id}
          openRow={open}
          onOpen={({ id }) => change({ organization: id }, { keepPage: true })}
          empty={
            <EmptyState>
              {attention === true
                ? 'Nobody needs attention: no job has failed, none waits for long.'
                : q === undefined
                  ? 'There is no organization yet.'
                  : 'No organization has this in its name.'}
            </EmptyState>
          }
        />
      </Stack>
    </Section>
  );
}
