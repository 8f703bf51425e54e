import { Button, Card, Group, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState, type SubmitEvent } from 'react';
import type { WorkspaceAnswer } from '../../contract/workspaces.ts';
import { isProblem } from '../api/problem-error.ts';
import { useMay } from '../session/session.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { notifyDone } from '../shared/notify.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { DeleteWorkspace } from './delete-workspace.tsx';
import { useCreateWorkspace } from './workspace-mutations.ts';
import { workspacesQuery } from './workspace-queries.ts';

const route = getRouteApi('/app/organizations/$organizationId/workspaces');

export function WorkspacesPage() {
  const { organizationId } = route.useParams();
  const { q, cursor } = route.useSearch();
  const mayCreate = useMay('createWorkspace');
  const mayDelete = useMay('deleteWorkspace');
  const page = useQuery(workspacesQuery(organizationId, asQuery({ q, cursor })));
  const columns: Column<WorkspaceAnswer>[] = [
    { header: 'Workspace', width: '50%', cell: ({ name }) => <OutsideName short>{name}</OutsideName> },
    { header: 'Created', cell: ({ createdAt }) => <Moment at={createdAt} ago /> },
  ];
  if (mayDelete) {
    columns.push({
      header: 'Actions',
      width: '7rem',
      cell: (workspace) => <DeleteWorkspace organizationId={organizationId} workspace={workspace} />,
    });
  }
  return (
    <>
      <PageHeader title="Workspaces" lead="What people get access to: by group mappings, or by hand." />
      <Card withBorder padding="lg">
        <Stack gap="md">
          <Group justify="space-between" align="flex-start" gap="sm">
            <SearchField label="Search workspaces" value={q} />
            {mayCreate && <CreateForm organizationId={organizationId} />}
          </Group>
          <PagedTable
            label="Workspaces"
            columns={columns}
            page={page}
            rowKey={({ id }) => id}
            empty={
              <EmptyState>
                {q === undefined ? 'There is no workspace yet.' : 'No workspace has this in its name.'}
              </EmptyState>
            }
          />
        </Stack>
      </Card>
    </>
  );
}

function CreateForm({ organizationId }: { organizationId: string }) {
  const create = useCreateWorkspace(organizationId);
  const [name, setName] = useState('');
  const ofField = isProblem(create.error) ? create.error.messageOf('name') : undefined;
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    create.mutate(name.trim(), {
      onSuccess: (workspace) => {
        setName('');
        notifyDone(`The workspace ${workspace.name} is created.`);
      },
    });
  };
  return (
    <form onSubmit={submit} aria-label="New workspace">
      <Stack gap="xs">
        <Group gap="xs" align="flex-start">
          <TextInput
            aria-label="Name of the new workspace"
            placeholder="New workspace"
            value={name}
            onChange={(event) => {
              create.reset();
              setName(event.currentTarget.value);
            }}
            required
            maxLength={200}
            error={ofField}
            flex="1 1 12rem"
          />
          <Button type="submit" loading={create.isPending}>
            Create
          </Button>
        </Group>
        {create.isError && ofField === undefined && <ErrorState error={create.error} />}
      </Stack>
    </form>
  );
}
