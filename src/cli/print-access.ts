import type { UserAccessAnswer } from '../contract/users.ts';
import { printFields, printTable } from './print.ts';

/** What a user may do, and why, for people. */
export function printAccess(access: UserAccessAnswer): void {
  printFields({
    active: access.active,
    role: access.role,
    'role because': access.roleBecause.map(roleReason).join('; '),
  });
  printTable(
    ['workspace', 'origin', 'because'],
    access.workspaces.map(({ name, origin, because }) => [name, origin, because.map(workspaceReason).join('; ')]),
    'No workspaces.',
  );
}

function roleReason(reason: UserAccessAnswer['roleBecause'][number]): string {
  switch (reason.type) {
    case 'group':
      return `group ${reason.groupName} sets ${reason.role}`;
    case 'connection-role':
      return `connection role is ${reason.role}`;
    case 'manual':
      return 'given by an admin';
    case 'inactive':
      return 'the user is inactive';
    case 'not-yet-computed':
      return 'not computed yet';
  }
}

function workspaceReason(reason: UserAccessAnswer['workspaces'][number]['because'][number]): string {
  return reason.type === 'group' ? `group ${reason.groupName}` : 'granted by an admin';
}
