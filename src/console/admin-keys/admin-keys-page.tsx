import { Card } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AdminKeyAnswer } from '../../contract/admin-keys.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { useMay } from '../session/session.ts';
import { EmptyState } from '../shared/empty-state.tsx';
import { Moment } from '../shared/moment.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { asQuery } from '../shared/page-query.ts';
import { PagedTable, type Column } from '../shared/paged-table.tsx';
import { PageHeader } from '../shared/page-header.tsx';
import { KeyMark } from './key-mark.tsx';
import { adminKeysQuery } from './admin-key-queries.ts';
import { CreateKeyButton } from './create-key-button.tsx';
import { RevokeKey } from './revoke-key.tsx';

const route = getRouteApi('/app/organizations/$organizationId/admin-keys');

export function AdminKeysPage() {
  const { organizationId } = route.useParams();
  const { cursor } = route.useSearch();
  const mayRevoke = useMay('revokeAdminKey');
  const page = useQuery(adminKeysQuery(organizationId, asQuery({ cursor })));
  const columns: Column<AdminKeyAnswer>[] = [
    { header: 'Name', width: '30%', cell: ({ name }) => <OutsideName short>{name}</OutsideName> },
    { header: 'Key', cell: (key) => <KeyMark adminKey={key} /> },
    { header: 'Role', cell: ({ role }) => roleWords[role] },
    { header: 'Created', cell: ({ createdAt }) => <Moment at={createdAt} ago /> },
    {
      header: 'Last used',
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'Never' : <Moment at={lastUsedAt} ago />),
    },
  ];
  if (mayRevoke) {
    columns.push({
      header: 'Actions',
      width: '7rem',
      cell: (key) => <RevokeKey organizationId={organizationId} adminKey={key} />,
    });
  }
  return (
    <>
      <PageHeader
        title="Admin keys"
        lead="Each opens this console and the admin API for this organization alone. Give every person and program one of their own: the sync log names it."
        actions={<CreateKeyButton organizationId={organizationId} />}
      />
      <Card withBorder padding="lg">
        <PagedTable
          label="Admin keys"
          columns={columns}
          page={page}
          rowKey={({ id }) => id}
          empty={<EmptyState>No key of this organization works now.</EmptyState>}
        />
      </Card>
    </>
  );
}
