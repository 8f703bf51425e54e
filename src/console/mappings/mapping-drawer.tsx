import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { JobProgress } from '../jobs/job-progress.tsx';
import { ErrorState } from '../shared/error-state.tsx';
import { LoadingState } from '../shared/loading-state.tsx';
import { OutsideName } from '../shared/outside-name.tsx';
import { SideDrawer } from '../shared/side-drawer.tsx';
import { MappingForm } from './mapping-form.tsx';
import { groupQuery } from './mapping-queries.ts';

/** One group beside the list of all: what its members get, and what another choice would change. */
export function MappingDrawer({
  organizationId,
  groupId,
  onClose,
}: {
  organizationId: string;
  /** Undefined: closed. */
  groupId: string | undefined;
  onClose: () => void;
}) {
  return (
    <SideDrawer opened={groupId !== undefined} title="Group mapping" onClose={onClose}>
      {groupId !== undefined && <Details key={groupId} organizationId={organizationId} groupId={groupId} />}
    </SideDrawer>
  );
}

function Details({ organizationId, groupId }: { organizationId: string; groupId: string }) {
  const { data, error, refetch } = useQuery(groupQuery(organizationId, groupId));
  const [jobId, setJobId] = useState<string | null>(null);
  if (data === undefined) {
    return error === null ? <LoadingState /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  const members = `${data.memberCount.toLocaleString()} ${data.memberCount === 1 ? 'member' : 'members'}`;
  return (
    <Stack gap="lg">
      <div>
        <Text fw={600} size="lg">
          <OutsideName>{data.displayName}</OutsideName>
        </Text>
        <Text size="sm" c="dimmed">
          {members}
          {data.externalId !== null && (
            <>
              {' · external id '}
              <OutsideName>{data.externalId}</OutsideName>
            </>
          )}
        </Text>
      </div>
      <MappingForm
        // What somebody else saved meanwhile takes the place of what stood here.
        key={data.mapping?.updatedAt ?? 'none'}
        organizationId={organizationId}
        group={data}
        onChange={() => setJobId(null)}
        onSaved={setJobId}
      />
      {jobId !== null && <JobProgress organizationId={organizationId} jobId={jobId} />}
    </Stack>
  );
}
