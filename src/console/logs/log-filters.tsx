import { Group, Pill, Stack } from '@mantine/core';
import { syncLogActions, syncLogResourceTypes, syncLogStatuses } from '../../contract/sync-log.ts';
import { FilterSelect } from '../shared/filter-select.tsx';
import { SearchField } from '../shared/search-field.tsx';
import { useSearchChange } from '../shared/search-change.ts';
import { periods, type LogSearch, type Period } from './log-search.ts';
import { statusWords } from './log-status-badge.tsx';

const periodWords: Readonly<Record<Period, string>> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};

/** Filters that links set: shown as what they are, to be taken away. */
const linked = [
  { name: 'requestId', label: 'Request' },
  { name: 'jobId', label: 'Job' },
  { name: 'resourceId', label: 'Resource' },
] as const;

export function LogFilters({ search }: { search: LogSearch }) {
  const change = useSearchChange();
  const given = linked.flatMap(({ name, label }) => {
    const value = search[name];
    return value === undefined ? [] : [{ name, label, value }];
  });
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <SearchField label="Search names and messages" value={search.q} />
        <FilterSelect
          label="Status"
          value={search.status}
          data={syncLogStatuses.map((value) => ({ value, label: statusWords[value] }))}
          onChange={(status) => change({ status })}
        />
        <FilterSelect
          label="Action"
          value={search.action}
          data={syncLogActions.map((value) => ({ value, label: value }))}
          onChange={(action) => change({ action })}
          width={190}
        />
        <FilterSelect
          label="Resource"
          value={search.resourceType}
          data={syncLogResourceTypes.map((value) => ({ value, label: value }))}
          onChange={(resourceType) => change({ resourceType })}
        />
        <FilterSelect
          label="Time"
          value={search.period}
          data={periods.map((value) => ({ value, label: periodWords[value] }))}
          onChange={(period) => change({ period })}
          width={170}
        />
      </Group>
      {given.length > 0 && (
        <Pill.Group>
          {given.map(({ name, label, value }) => (
            <Pill
              key={name}
              withRemoveButton
              onRemove={() => change({ [name]: undefined })}
              removeButtonProps={{ 'aria-label': `Show all, not this ${label.toLowerCase()} alone` }}
            >
              {label} {value}
            </Pill>
          ))}
        </Pill.Group>
      )}
    </Stack>
  );
}
