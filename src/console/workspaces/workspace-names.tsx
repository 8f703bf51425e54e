import { Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { workspaceChoicesQuery } from './workspace-queries.ts';

const shownNames = 3;

/** Names of workspaces as a line of text; of more than three, how many others, named on hover. */
export function WorkspaceNames({ organizationId, ids }: { organizationId: string; ids: readonly string[] }) {
  const { data } = useQuery(workspaceChoicesQuery(organizationId));
  if (ids.length === 0) {
    return (
      <Text component="span" c="dimmed" inherit>
        None
      </Text>
    );
  }
  const names = new Map(data?.items.map(({ id, name }) => [id, name] as const));
  const named = ids.flatMap((id) => names.get(id) ?? []).toSorted((a, b) => a.localeCompare(b));
  // Of very many workspaces only the first ones are known here by name.
  if (named.length < ids.length)
    return `${ids.length.toLocaleString()} ${ids.length === 1 ? 'workspace' : 'workspaces'}`;
  const rest = named.slice(shownNames);
  if (rest.length === 0) return named.join(', ');
  return (
    <Tooltip label={rest.join(', ')} multiline maw={320}>
      <span>
        {named.slice(0, shownNames).join(', ')} and {rest.length} more
      </span>
    </Tooltip>
  );
}
