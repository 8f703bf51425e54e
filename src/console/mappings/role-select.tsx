import { Select } from '@mantine/core';
import { organizationRoles, type OrganizationRole } from '../../contract/roles.ts';
import { roleWords } from '../organizations/organization-words.ts';

export const connectionRoleWords = 'Use connection role';

const inherit = 'connection';

/** The role of a mapping; null is the connection's. */
export function RoleSelect({
  value,
  onChange,
  readOnly,
}: {
  value: OrganizationRole | null;
  onChange: (role: OrganizationRole | null) => void;
  readOnly: boolean;
}) {
  return (
    <Select
      label="Organization role"
      description="Of several groups the highest role counts."
      data={[
        { value: inherit, label: connectionRoleWords },
        ...organizationRoles.map((role) => ({ value: role, label: roleWords[role] })),
      ]}
      value={value ?? inherit}
      onChange={(choice) => onChange(choice === null || choice === inherit ? null : choice)}
      allowDeselect={false}
      readOnly={readOnly}
    />
  );
}
