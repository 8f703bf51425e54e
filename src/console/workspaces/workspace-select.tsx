import { MultiSelect } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { workspaceChoicesQuery } from './workspace-queries.ts';

/** Workspaces to tick. Their number may be large: the search is done by the server. */
export function WorkspaceSelect({
  organizationId,
  value,
  onChange,
  readOnly = false,
  error,
}: {
  organizationId: string;
  /** Ids. */
  value: readonly string[];
  onChange: (value: string[]) => void;
  readOnly?: boolean;
  error?: string | undefined;
}) {
  const [word, setWord] = useState('');
  const [searched] = useDebouncedValue(word.trim(), 200);
  const known = useQuery(workspaceChoicesQuery(organizationId));
  const found = useQuery(workspaceChoicesQuery(organizationId, searched));
  const names = new Map(
    [...(known.data?.items ?? []), ...(found.data?.items ?? [])].map(({ id, name }) => [id, name] as const),
  );
  const choices = new Set([...(found.data?.items ?? []).map(({ id }) => id), ...value]);
  return (
    <MultiSelect
      label="Workspaces"
      description="Members of the group are added to these."
      placeholder={value.length === 0 ? 'None' : ''}
      data={[...choices].map((id) => ({ value: id, label: names.get(id) ?? id }))}
      value={[...value]}
      onChange={onChange}
      searchValue={word}
      onSearchChange={setWord}
      searchable
      clearable={!readOnly}
      readOnly={readOnly}
      hidePickedOptions
      nothingFoundMessage={
        known.data?.items.length === 0 ? 'There is no workspace yet.' : 'No workspace has this name.'
      }
      maxDropdownHeight={260}
      error={error ?? known.error?.message}
      clearButtonProps={{ 'aria-label': 'Choose no workspace' }}
    />
  );
}
