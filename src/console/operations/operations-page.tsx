import { Card } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { JobAnswer } from '../../contract/jobs.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { StatusBadge, type Tone } from '../shared/status-badge.tsx';
import { allJobsQuery } from './job-queries.ts';

const route = getRouteApi('/app/operations');

const looks: Readonly<Record<JobAnswer['status'], { tone: Tone; word: string }>> = {
  pending: { tone: 'waiting', word: 'Waiting' },
  dispatched: { tone: 'waiting', word: 'At work' },
  failed: { tone: 'bad', word: 'Failed' },
};

const columns: readonly Column<JobAnswer>[] = [
  { header: 'Since', cell: ({ createdAt }) => <Moment at={createdAt} ago /> },
  { header: 'Status', cell: ({ status }) => <StatusBadge tone={looks[status].tone}>{looks[status].word}</StatusBadge> },
  { header: 'Queue', cell: ({ queue }) => queue },
  { header: 'Attempts', cell: ({ attempts }) => attempts },
  { header: 'Error', cell: ({ error }) => error },
];

export function OperationsPage() {
  const { cursor } = route.useSearch();
  const page = useQuery(allJobsQuery(asQuery({ cursor })));
  return (
    <>
      <PageHeader title="Operations" lead="Jobs of every organization that are not done." />
      <Card withBorder padding="lg">
        <PagedTable
          label="Jobs"
          columns={columns}
          page={page}
          rowKey={({ id }) => id}
          empty={<EmptyState>No job is waiting, at work or failed: everything is applied.</EmptyState>}
        />
      </Card>
    </>
  );
}
