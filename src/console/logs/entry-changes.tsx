import { List } from '@mantine/core';
import { z } from 'zod';
import { organizationRole } from '../../contract/roles.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { Part } from '../shared/part.tsx';

const named = z.array(z.object({ name: z.string().nullable() }));

/** What entries say of a change, whichever of it they have; the rest is shown as it is. */
const known = z.object({
  attributesChanged: z.array(z.string()).optional().catch(undefined),
  workspacesGranted: named.optional().catch(undefined),
  workspacesRevoked: named.optional().catch(undefined),
  roleBefore: organizationRole.nullable().optional().catch(undefined),
  roleAfter: organizationRole.nullable().optional().catch(undefined),
  membersAdded: z.int().optional().catch(undefined),
  membersRemoved: z.int().optional().catch(undefined),
});

/** What changed, what was granted and revoked, in words; nothing where the entry says nothing of it. */
export function EntryChanges({ details }: { details: Record<string, unknown> }) {
  const lines = linesOf(details);
  if (lines.length === 0) return null;
  return (
    <Part title="What changed">
      <List size="sm" spacing={2}>
        {lines.map((line) => (
          <List.Item key={line}>
            <OutsideName>{line}</OutsideName>
          </List.Item>
        ))}
      </List>
    </Part>
  );
}

function linesOf(details: Record<string, unknown>): string[] {
  const parsed = known.safeParse(details);
  if (!parsed.success) return [];
  const {
    attributesChanged,
    workspacesGranted,
    workspacesRevoked,
    roleBefore,
    roleAfter,
    membersAdded,
    membersRemoved,
  } = parsed.data;
  const names = (list: z.infer<typeof named>): string => list.map(({ name }) => name ?? 'unnamed').join(', ');
  return [
    ...(attributesChanged !== undefined && attributesChanged.length > 0
      ? [`Attributes: ${attributesChanged.join(', ')}`]
      : []),
    ...(workspacesGranted !== undefined && workspacesGranted.length > 0 ? [`Given: ${names(workspacesGranted)}`] : []),
    ...(workspacesRevoked !== undefined && workspacesRevoked.length > 0
      ? [`Taken away: ${names(workspacesRevoked)}`]
      : []),
    ...(roleBefore !== undefined && roleAfter !== undefined && roleBefore !== roleAfter
      ? [`Role: ${roleName(roleBefore)} → ${roleName(roleAfter)}`]
      : []),
    ...(membersAdded === undefined ? [] : [`Members added: ${membersAdded.toLocaleString()}`]),
    ...(membersRemoved === undefined ? [] : [`Members removed: ${membersRemoved.toLocaleString()}`]),
  ];
}

function roleName(role: keyof typeof roleWords | null): string {
  return role === null ? 'none' : roleWords[role];
}
