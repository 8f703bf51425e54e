import { List, Text } from '@mantine/core';
import type { UserAccessAnswer } from '../../contract/users.ts';
import { roleWords } from '../organizations/organization-words.ts';
import { OutsideName } from '../shared/outside-name.tsx';
import { Part } from '../shared/part.tsx';

type Reason = UserAccessAnswer['roleBecause'][number];

/** The role, what sets it, and what would have set another one. */
export function PersonRole({ access: { role, roleBecause, roleLost } }: { access: UserAccessAnswer }) {
  return (
    <Part title="Role">
      <Text size="sm" fw={600}>
        {role === null ? 'None' : roleWords[role]}
      </Text>
      <List size="sm" spacing={2} mt={4}>
        {roleBecause.map((reason) => (
          <List.Item key={keyOf(reason)}>
            <Why reason={reason} />
          </List.Item>
        ))}
        {roleLost.map((reason) => (
          <List.Item key={`lost ${keyOf(reason)}`} c="dimmed">
            <Lost reason={reason} />
          </List.Item>
        ))}
      </List>
    </Part>
  );
}

function Why({ reason }: { reason: Reason }) {
  switch (reason.type) {
    case 'group':
      return (
        <>
          because of the group <OutsideName>{reason.groupName}</OutsideName>, which sets {roleWords[reason.role]}
        </>
      );
    case 'connection-role':
      return <>because it is the connection role, and no group sets another one</>;
    case 'manual':
      return <>because an admin or the sign-in gave it; directory sync does not manage this person</>;
    case 'inactive':
      return <>because the person is inactive</>;
    case 'not-yet-computed':
      return <>a change is being applied</>;
  }
}

/** What gave way to a higher role. */
function Lost({ reason }: { reason: Reason }) {
  if (reason.type === 'group') {
    return (
      <>
        the group <OutsideName>{reason.groupName}</OutsideName> sets {roleWords[reason.role]}, which is lower
      </>
    );
  }
  if (reason.type === 'connection-role')
    return <>the connection role {roleWords[reason.role]} gives way to a group’s</>;
  return <Why reason={reason} />;
}

function keyOf(reason: Reason): string {
  return reason.type === 'group' ? reason.groupId : reason.type;
}
